import math

import pytest

from densebench.comparison.grouping import group_runs
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions, Margin
from densebench.comparison.verdicts import judge_metric, judge_rows


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
