import dataclasses
import random

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.reporting.conclusion import conclude, suggest_baseline, suggest_seeds

TIMES = "\N{MULTIPLICATION SIGN}"
UNTESTED = "Differences are tested against a --baseline only."


def closing(*runs, **options):
    return conclude(compare(runs, parse_compare_options(**options)))


def seeds(trained, variant, accuracy, seconds, *, noise=0.002, **columns):
    chance = random.Random(variant)
    return [
        trained(variant, seed, accuracy + chance.gauss(0, noise), seconds * (1 + chance.gauss(0, noise)), **columns)
        for seed in range(5)
    ]


def test_without_a_baseline_the_best_means_are_named_and_no_difference_is_claimed(trained):
    assert closing(trained("a", accuracy=0.9, seconds=9.0), trained("b", accuracy=0.8, seconds=5.0)) == [
        "Highest test accuracy: a, 90.00 % (1 run).",
        "Lowest epoch time: b, 5.00 s (1 run).",
        UNTESTED,
    ]


@pytest.mark.parametrize("baseline", [None, "b"])
def test_of_chosen_columns_no_other_figure_is_quoted(trained, baseline):
    runs = [*seeds(trained, "a", 0.9, 9.0), *seeds(trained, "b", 0.8, 5.0)]
    compared = compare(runs, parse_compare_options(baseline=baseline))
    assert len(conclude(compared, ["test_accuracy"])) == len(conclude(compared)) - 1
    assert not any("epoch time" in sentence.lower() for sentence in conclude(compared, ["test_accuracy"]))
    assert conclude(compared, ["params"]) == []


def test_a_best_mean_has_its_interval_over_the_runs(trained):
    found = closing(*seeds(trained, "a", 0.9, 5.0), *seeds(trained, "b", 0.8, 9.0))
    assert found[0].startswith("Highest test accuracy: a, ")
    assert "(5 runs, 95 % interval [" in found[0]


def test_nothing_is_best_where_all_are_equal_or_not_comparable(trained):
    assert closing(trained("a"), trained("b")) == []
    assert closing(trained("a")) == []
    other = trained("b", accuracy=0.8, dataset="cifar10", seconds=5.0, device="Slow Card")
    assert closing(trained("a"), other) == []
    failed = trained("b", accuracy=0.99, status="failed")
    assert closing(trained("a"), failed) == []


def test_rows_that_share_the_best_figure_are_all_named(trained):
    runs = [trained(name, accuracy=accuracy) for name, accuracy in (("a", 0.9), ("b", 0.9), ("c", 0.8))]
    assert closing(*runs)[0] == "Highest test accuracy: a and b, 90.00 % (1 run)."


def test_a_row_that_beats_the_baseline_does_so_by_its_estimate_and_the_interval_that_decides(trained):
    runs = [*seeds(trained, "a", 0.9, 9.0), *seeds(trained, "b", 0.95, 5.0)]
    compared = compare(runs, parse_compare_options(baseline="a"))
    (row,) = [row for row in compared.rows if not row.is_baseline]
    accuracy, time = conclude(compared)
    interval = row.verdict("test_accuracy").interval_holm
    assert accuracy.startswith("b beats a in test accuracy (+")
    assert f"pp, 95 % interval [{interval.low * 100:+.2f}, {interval.high * 100:+.2f}])." in accuracy
    assert time.startswith(f"b beats a in epoch time ({TIMES}0.5")


def test_where_the_baseline_wins_it_is_the_winner(trained):
    runs = [*seeds(trained, "a", 0.95, 5.0), *seeds(trained, "b", 0.9, 9.0)]
    accuracy, time = closing(*runs, baseline="a")
    assert accuracy.startswith("a beats b in test accuracy (b: -")
    assert time.startswith(f"a beats b in epoch time (b: {TIMES}1.79")


def test_of_several_rows_the_number_and_the_best_estimate_are_said(trained):
    runs = [
        *seeds(trained, "a", 0.9, 9.0),
        *seeds(trained, "b", 0.93, 5.0),
        *seeds(trained, "c", 0.95, 12.0),
        *seeds(trained, "d", 0.9, 15.0, noise=0.02),
    ]
    accuracy, time = closing(*runs, baseline="a")
    assert accuracy.startswith("2 of 3 other rows beat a in test accuracy, with the largest difference for c (+")
    assert accuracy.endswith("; d is inconclusive.")
    assert time.startswith("b beats a in epoch time (")
    assert "; a beats 2 of 3 other rows in epoch time, with the smallest difference for c (" in time


def test_of_several_baselines_each_row_has_its_own(trained):
    runs = [
        run
        for variant in "ab"
        for backend, seconds in (("tensorflow", 5.0), ("jax", 9.0))
        for run in seeds(trained, variant, 0.9, seconds, backend=backend)
    ]
    found = closing(*runs, baseline="backend=tensorflow")
    assert found[0].startswith("No difference from its baseline in test accuracy is shown: ")
    assert found[1].startswith("Its baseline beats both other rows in epoch time, with the smallest difference for ")


def test_a_row_without_the_figure_is_no_row_that_is_beaten(trained):
    unknown = trained("c", epochs=3)
    unknown = dataclasses.replace(
        unknown, records=tuple(dataclasses.replace(one, epoch_seconds=None) for one in unknown.records)
    )
    runs = [*seeds(trained, "a", 0.9, 5.0), *seeds(trained, "b", 0.9, 9.0), *seeds(trained, "d", 0.9, 9.5), unknown]
    assert closing(*runs, baseline="a")[1].startswith("a beats 2 of 3 other rows in epoch time, ")
    assert closing(*runs[:-1], baseline="a")[1].startswith("a beats both other rows in epoch time, ")


def test_a_winner_is_named_only_where_a_verdict_names_it(trained):
    runs = [*seeds(trained, "a", 0.900, 5.0, noise=0.02), *seeds(trained, "b", 0.903, 5.01, noise=0.02)]
    for sentence in closing(*runs, baseline="a"):
        assert sentence.startswith("No difference from a in ")
        assert sentence.endswith(" is shown: b is inconclusive.")


@pytest.mark.parametrize("device", ["Fast Card", "Slow Card"])
def test_a_single_run_a_side_wins_nothing(trained, device):
    found = closing(trained("a"), trained("b", accuracy=0.99, seconds=1.0, device=device), baseline="a")
    assert found == [
        f"No difference from a in {name} is shown: b is untested (one run a side)."
        for name in ("test accuracy", "epoch time")
    ]


def test_a_time_on_other_hardware_is_never_won_without_saying_so(trained):
    runs = [*seeds(trained, "a", 0.9, 5.0), *seeds(trained, "b", 0.9, 9.0, device="Slow Card")]
    assert closing(*runs, baseline="a")[1].endswith("), across different hardware.")


def test_accuracy_on_random_labels_is_no_victory(trained):
    runs = [trained("a", accuracy=0.2, dataset="synthetic"), trained("b", dataset="synthetic", seconds=5.0)]
    assert closing(*runs) == ["Lowest epoch time: b, 5.00 s (1 run).", UNTESTED]


def test_more_rows_than_two_of_a_word_are_counted(trained):
    runs = [trained("a"), *(trained(f"b{place}", accuracy=0.1) for place in range(4))]
    assert closing(*runs, baseline="a")[0].endswith("is shown: 4 rows are untested (one run a side).")


def test_speed_is_closed_by_throughput(trained):
    runs = [trained("a", phase="speed", seconds=9.0), trained("b", phase="speed", seconds=5.0)]
    assert closing(*runs) == ["Highest images/s: b, 287.4 (1 run).", UNTESTED]


def test_the_baseline_that_is_suggested_is_a_name_that_baseline_takes(trained):
    runs = [trained("a", accuracy=0.8), trained("b"), trained("b", backend="jax", accuracy=0.99)]
    name = suggest_baseline(compare(runs, CompareOptions()))
    assert name == "b · jax"
    assert suggest_baseline(compare([trained("c", phase="eval"), *runs], CompareOptions())) == name
    assert suggest_baseline(compare(runs, CompareOptions(baseline=name))) is None
    assert suggest_baseline(compare([trained("a")], CompareOptions())) is None


def test_seeds_are_suggested_for_the_columns_that_were_chosen_alone(trained):
    runs = [*seeds(trained, "a", 0.9, 5.0), *seeds(trained, "b", 0.93, 9.0, noise=0.04)]
    compared = compare(runs, CompareOptions(baseline="a"))
    assert suggest_seeds(compared, ["test_accuracy"]) == suggest_seeds(compared) is not None
    assert suggest_seeds(compared, ["epoch_seconds"]) is None


def test_seeds_are_suggested_where_a_verdict_would_come_of_them(trained):
    runs = [*seeds(trained, "a", 0.9, 5.0), *seeds(trained, "b", 0.93, 9.0, noise=0.04)]
    compared = compare(runs, CompareOptions(baseline="a"))
    needed = min(
        verdict.seeds_needed
        for row in compared.rows
        for verdict in row.verdicts
        if verdict.metric in ("test_accuracy", "epoch_seconds") and verdict.seeds_needed is not None
    )
    assert suggest_seeds(compared) == f"train with --seeds 0-{needed - 1} --skip-completed, then compare with --looks 2"
    single = compare([trained("a"), trained("b")], CompareOptions(baseline="a"))
    assert suggest_seeds(single) == "train with --seeds 0-4 --skip-completed, then compare again"
    assert suggest_seeds(compare([trained("a"), trained("b")], CompareOptions())) is None
