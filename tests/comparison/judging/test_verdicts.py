import math

import numpy as np
import pytest
from scipy import stats

from densebench.comparison import statistics
from densebench.comparison.grouping import group_runs
from densebench.comparison.judging.contrasts import Spread, count_seeds
from densebench.comparison.judging.verdicts import judge_metric, judge_rows
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions, Margin


def rows_of(*sides):
    return [row for side in sides for row in group_runs(side, CompareOptions())]


def judge(metric, ours, theirs, margin=None):
    """The verdict on runs against those of a baseline."""
    row, baseline = rows_of(ours, theirs)
    ((_, verdict),) = judge_metric(METRICS[metric], [row, baseline], [baseline, None], margin or Margin())
    return verdict


def accuracies(trained, *values, variant="a", **columns):
    return [trained(variant, seed, value, **columns) for seed, value in enumerate(values)]


def times(trained, *values, **columns):
    return [trained("a", seed, seconds=value, **columns) for seed, value in enumerate(values)]


@pytest.mark.parametrize(
    ("metric", "word"), [("epoch_seconds", "worse"), ("images_per_second", "better"), ("total_seconds", "worse")]
)
def test_the_direction_of_the_metric_decides_what_more_of_it_means(trained, metric, word):
    ours = [trained("a", seed, seconds=20 + seed / 10) for seed in range(3)]
    theirs = [trained("b", seed, seconds=10 + seed / 9) for seed in range(3)]
    if metric == "images_per_second":
        ours, theirs = theirs, ours
    verdict = judge(metric, ours, theirs)
    assert verdict.word == word
    assert verdict.reason == "Paired by seed, 3 against 3 runs, p <0.001."


def test_an_interval_inside_the_margin_is_the_same_even_if_it_shows_a_difference(trained):
    sides = times(trained, 10.0, 10.01, 10.02), times(trained, 10.05, 10.061, 10.07)
    assert judge("epoch_seconds", *sides, Margin(ratio=0.01)).word == "same"
    assert judge("epoch_seconds", *sides, Margin(ratio=0.001)).word == "better"


def test_losses_have_no_margin(trained):
    sides = accuracies(trained, 0.9, 0.8), accuracies(trained, 0.9, 0.8001)
    assert judge("test_accuracy", *sides, Margin(difference=0.1)).word == "same"
    assert judge("test_loss", *sides, Margin(difference=0.1)).word == "inconclusive"


def test_an_inconclusive_verdict_says_how_many_more_seeds_would_settle_it(trained):
    verdict = judge("test_accuracy", accuracies(trained, 0.93, 0.91, 0.93), accuracies(trained, 0.90, 0.92, 0.91))
    assert verdict.word == "inconclusive"
    assert verdict.seeds_needed == 3 + verdict.more_seeds
    assert verdict.reason.endswith(
        f"; about {verdict.more_seeds} more seeds a side would probably settle it, compared with --looks 2."
    )


def test_a_difference_that_a_hundred_seeds_would_not_show_says_so(trained):
    verdict = judge(
        "test_accuracy", accuracies(trained, 0.80, 0.91, 0.9), accuracies(trained, 0.91, 0.80, 0.9001), Margin()
    )
    assert (verdict.word, verdict.more_seeds) == ("inconclusive", None)
    assert verdict.reason.endswith("; more seeds will hardly settle it.")


def test_one_run_a_side_is_no_test_and_says_what_the_images_leave_open(trained):
    verdict = judge("test_accuracy", [trained("a", accuracy=0.95)], [trained("b", accuracy=0.9)])
    assert (verdict.word, verdict.p_holm) == ("no test", None)
    assert verdict.reason == (
        "One run on a side allows no test; the number of test images alone leaves it open by ±3.83 pp."
    )
    assert judge("epoch_seconds", [trained("a")], [trained("b")]).reason == "One run on a side allows no test."


def test_only_bytes_that_repeat_are_decided_without_a_test(trained):
    ours = [trained("a", seed, memory=900) for seed in range(2)]
    theirs = [trained("b", seed, memory=1000) for seed in range(2)]
    memory, seconds = judge("gpu_peak_bytes", ours, theirs), judge("epoch_seconds", ours, theirs)
    assert (memory.word, memory.estimate, memory.p) == ("better", 0.9, None)
    assert (seconds.word, seconds.reason) == (
        "inconclusive", "No run differs from the others of its side, 2 against 2 runs.",
    )  # fmt: skip


def test_exact_figures_that_are_equal_are_the_same(trained):
    verdict = judge("params", [trained("a")], [trained("b")])
    assert (verdict.word, verdict.reason) == ("same", "Exact, so without a test.")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"dataset": "cifar10"}, "Dataset differs."),
        ({"dataset": "cifar10", "classes": 9}, "Dataset and classes differ."),
        ({"status": "interrupted"}, "A run is not completed."),
        ({"dataset": "cifar10", "status": "failed"}, "Dataset differs; a run is not completed."),
    ],
)
def test_what_cannot_be_compared_says_why(trained, columns, reason):
    verdict = judge("test_accuracy", accuracies(trained, 0.9, 0.8, **columns), accuracies(trained, 0.9, 0.7))
    assert (verdict.word, verdict.estimate, verdict.reason) == ("not comparable", None, reason)


def test_a_value_that_is_not_finite_is_inconclusive(trained):
    verdict = judge("test_loss", accuracies(trained, math.nan, 0.8), accuracies(trained, 0.9, 0.7))
    assert (verdict.word, verdict.reason) == ("inconclusive", "A value is not a finite number.")
    verdict = judge("total_seconds", [trained("a")], [trained("b", total_seconds=0.0)])
    assert (verdict.word, verdict.reason) == ("inconclusive", "A value is not a finite number above 0.")


def test_holms_adjustment_runs_over_the_rows_of_a_metric(trained):
    baseline = [trained("a", seed, seconds=10 + (seed * 7 % 3) / 10) for seed in range(4)]
    others = [
        [trained(f"b{index}", seed, seconds=9.8 + (seed * 5 % 3) / 10) for seed in range(4)] for index in range(5)
    ]
    alone, *_ = judge_rows(rows_of(others[0], baseline), [rows_of(baseline)[0], None], Margin())
    rows = rows_of(*others, baseline)
    judged = judge_rows(rows, [*[rows[-1]] * 5, None], Margin())
    verdict = judged[0].verdict("epoch_seconds")
    assert verdict.p == alone.verdict("epoch_seconds").p == alone.verdict("epoch_seconds").p_holm
    assert verdict.p_holm == pytest.approx(min(1, 5 * verdict.p))


def test_rows_are_judged_against_their_baselines_by_name_and_only_where_both_have_the_figure(trained):
    rows = rows_of([trained("a", memory=None)], [trained("b")])
    first, second = judge_rows(rows, [rows[1], None], Margin())
    assert (first.baseline, second.baseline, second.verdicts) == ("b", None, ())
    assert first.verdict("gpu_peak_bytes") is None
    assert first.verdict("epoch_seconds") is not None


def test_two_runs_against_more_decide_nothing(trained):
    verdict = judge("epoch_seconds", times(trained, 20.0, 20.1), times(trained, *(10 + seed / 10 for seed in range(8))))
    assert (verdict.word, verdict.too_few) == ("inconclusive", True)
    assert verdict.p < 0.001
    assert (verdict.p_holm, verdict.interval_holm, verdict.confidence_holm) == (None, None, None)
    assert verdict.reason.startswith(
        "2 against 8 runs are too few for Welch's t test, which may then give 12 % false verdicts; about 1 more seed a"
    )


@pytest.mark.parametrize(
    ("runs", "deviations", "least", "most"),
    [((2, 8), (2, 1), 0.1, 0.13), ((2, 3), (6, 1), 0.07, 0.1), ((3, 8), (2, 1), 0.05, 0.08), ((2, 2), (9, 1), 0, 0.07)],
)
def test_how_often_welchs_test_is_false_where_the_noisier_side_is_smaller(runs, deviations, least, most):
    random = np.random.default_rng(2)
    sides = [random.normal(0, deviation, (20_000, n)) for n, deviation in zip(runs, deviations, strict=True)]
    assert least < (stats.ttest_ind(*sides, axis=1, equal_var=False).pvalue < 0.05).mean() < most


def test_the_interval_that_decides_agrees_with_the_word(trained):
    """Five rows, of which Holm's method rejects two at Bonferroni's level and one at a later step."""
    noise = [(seed * 7 % 5 - 2) / 50 for seed in range(5)]
    baseline = [trained("a", seed, seconds=10.0) for seed in range(5)]
    others = [
        [trained(f"b{row}", seed, seconds=10 + shift + noise[seed]) for seed in range(5)]
        for row, shift in enumerate((0.5, -0.5, 0.06, 0.0, 0.01))
    ]
    rows = rows_of(*others, baseline)
    judged = judge_rows(rows, [*[rows[-1]] * 5, None], Margin(ratio=0.001))
    verdicts = [row.verdict("epoch_seconds") for row in judged[:-1]]
    for one in verdicts:
        leaves_out_one = not one.interval_holm.low <= 1 <= one.interval_holm.high
        assert leaves_out_one == (one.word in ("better", "worse")) == (one.p_holm < 0.05)
    assert [one.word for one in verdicts] == ["worse", "better", "worse", "inconclusive", "inconclusive"]
    assert [one.confidence_holm for one in verdicts] == pytest.approx([0.99, 0.99, 1 - 0.05 / 3, 0.99, 0.99])


def test_same_is_decided_at_the_level_of_all_rows(trained):
    sides = times(trained, 10.0, 10.02, 10.05, 10.0), times(trained, 10.02, 10.0, 10.0, 10.04)
    margin = Margin(ratio=0.0075)
    assert judge("epoch_seconds", *sides, margin).word == "same"
    rows = [*rows_of(sides[0]) * 12, *rows_of(sides[1])]
    ((_, verdict), *_) = judge_metric(METRICS["epoch_seconds"], rows, [*[rows[-1]] * 12, None], margin)
    assert verdict.word == "inconclusive"
    assert verdict.interval_holm.high > 1.0075 > verdict.interval.high


def test_several_looks_ask_for_more_at_each(trained):
    sides = times(trained, 10.3, 10.08, 10.45, 10.2), times(trained, 10.0, 10.0, 10.0, 10.0)
    rows = rows_of(*sides)
    words = {}
    for looks in (1, 2):
        ((_, verdict),) = judge_metric(METRICS["epoch_seconds"], rows, [rows[1], None], Margin(), looks)
        words[looks] = verdict.word
    assert words == {1: "worse", 2: "inconclusive"}
    assert "p 0.045 against 0.017 for several looks; about" in verdict.reason
    assert verdict.confidence_holm == pytest.approx(1 - 0.05 / 3)


def take_looks(runs, looks, alphas):
    """Which of the simulations, without a difference, find one at any look; the advice chooses the number of runs."""
    wrong = 0
    for values in np.random.default_rng(4).normal(0, 1, (1500, 100)):
        seen = runs
        for alpha in alphas:
            spread = Spread(deviation=values[:seen].std(ddof=1), freedom=1.0)
            interval = statistics.interval_at(alpha, values[:seen].mean(), spread.deviation / seen**0.5, seen - 1)
            is_same = max(-interval.low, interval.high) <= 0.5
            if is_same or not interval.low <= 0 <= interval.high:
                wrong += not is_same
                break
            needed = count_seeds(values[:seen].mean(), spread, 0.5, statistics.share_alpha(max(2, looks)))
            if needed is None:
                break
            seen = max(seen + 1, needed)
    return wrong / 1500


@pytest.mark.parametrize("runs", [3, 5])
def test_following_the_advice_and_testing_again_gives_five_percent_false_verdicts_with_two_looks(runs):
    error = 3 * (0.05 * 0.95 / 1500) ** 0.5
    assert take_looks(runs, 2, [0.05 / 3, 0.05 / 3]) < 0.05 + error
    assert take_looks(runs, 1, [0.05, 0.05 / 3]) < 0.075 + error


def test_the_seeds_that_are_needed_are_planned_for_all_rows_and_a_second_look(trained):
    ours, theirs = (0.93, 0.91, 0.93), (0.90, 0.92, 0.91)
    rows = [*rows_of(accuracies(trained, *ours)) * 6, *rows_of(accuracies(trained, *theirs))]
    judged = judge_metric(METRICS["test_accuracy"], rows, [*[rows[-1]] * 6, None], Margin(difference=0.05))
    differences = [our - their for our, their in zip(ours, theirs, strict=True)]
    spread = Spread(deviation=statistics.variance(differences) ** 0.5, freedom=1.0)
    expected = count_seeds(statistics.mean(differences), spread, 0.05, 0.05 / 3 / 6)
    assert expected > count_seeds(statistics.mean(differences), spread, 0.05, 0.05 / 3)
    assert [verdict.seeds_needed for _, verdict in judged] == [expected] * 6
