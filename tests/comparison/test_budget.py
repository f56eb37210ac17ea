import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options
from densebench.records import EpochRecord, Run


def test_the_most_accurate_of_what_fits_is_named(trained):
    runs = [
        trained("small", accuracy=0.8, memory=2 * 2**30),
        trained("middle", accuracy=0.9, memory=8 * 2**30),
        trained("large", accuracy=0.95, memory=9 * 2**30),
        trained("slow", accuracy=0.96, memory=2**30, seconds=9000),
    ]
    comparison = compare(runs, parse_compare_options(budget="gpu_peak_bytes<=8GiB, total_time<=2h"))
    budget = comparison.budget
    assert (budget.within, budget.excluded, budget.best) == (("small", "middle"), ("large", "slow"), "middle")
    assert "2 of 4 rows, the most accurate middle with 90.00 %; left out large and slow." in budget.sentence
    assert [row.label for row in comparison.rows] == ["middle", "small"]


def test_a_row_that_lacks_a_figure_is_neither_in_nor_out(trained):
    runs = [trained("a"), trained("b", memory=None)]
    comparison = compare(runs, parse_compare_options(budget="gpu_peak_bytes<=8GiB"))
    assert (comparison.budget.within, comparison.budget.unknown) == (("a",), ("b",))
    assert "a figure is unknown of b" in comparison.budget.sentence
    assert [row.label for row in comparison.rows] == ["a", "b"]


def test_a_known_figure_beyond_the_budget_excludes_even_if_another_is_unknown(trained):
    comparison = compare([trained("a", memory=None)], parse_compare_options(budget="gpu_peak_bytes<=8GiB,params<=1"))
    assert comparison.budget.excluded == ("a",)


def test_accuracies_on_different_images_have_no_best(trained):
    runs = [trained("a", accuracy=0.9), trained("b", accuracy=0.97, dataset="cifar10"), trained("c", accuracy=0.8)]
    budget = compare(runs, parse_compare_options(budget="params<=1000000")).budget
    assert (budget.best, len(budget.within)) == (None, 3)
    assert budget.sentence == (
        "Within params<=1000000: 3 of 3 rows, the most accurate a with 90.00 % and b with 97.00 %, whose "
        "accuracy cannot be compared."
    )


@pytest.mark.parametrize(("limit", "fits"), [("1h", None), ("10s", False)])
def test_an_interrupted_run_does_not_keep_a_limit_on_the_whole_yet(limit, fits, trained):
    run = dataclasses.replace(trained("a"), status="interrupted", total_seconds=31.0)
    (row, *_) = [*compare([run], parse_compare_options(budget=f"total_time<={limit}")).rows, None]
    assert (None if row is None else row.within_budget) is None
    assert (row is None) is (fits is False)


def test_memory_on_a_cpu_is_that_of_the_host(trained):
    run = trained("a", memory=None, device_kind="cpu")
    records = [dataclasses.replace(record, host_peak_bytes=2**30) for record in run.records]
    run = dataclasses.replace(run, records=records)
    for limit, within in (("memory<=2GiB", ("a",)), ("memory<=1MiB", ())):
        assert compare([run], parse_compare_options(budget=limit)).budget.within == within


def test_nothing_that_fits_is_said_so(trained):
    comparison = compare([trained("a")], parse_compare_options(budget="params<1000"))
    assert comparison.budget.best is None
    assert comparison.budget.sentence == (
        "Within params<1000: 0 of 1 rows, none of them with a known accuracy; left out a."
    )


def measured(variant, rate, phase="speed"):
    """A measurement of speed."""
    records = (EpochRecord(images_per_second=rate),)
    return Run(run=variant, variant=variant, phase=phase, status="completed", batch_size=64, records=records)


def test_a_budget_on_measurements_of_speed_names_the_fastest():
    runs = [measured("slow", 100.0), measured("fast", 500.0)]
    budget = compare(runs, parse_compare_options(budget="images_per_second>=50")).budget
    assert (budget.within, budget.best) == (("slow", "fast"), "fast")
    assert budget.sentence == "Within images_per_second>=50: 2 of 2 rows, the fastest fast with 500.0 images/s."


def test_a_row_of_speed_beyond_the_budget_goes_and_trainings_are_answered_first(trained):
    runs = [trained("a", accuracy=0.9, seconds=1.0), measured("slow", 100.0), measured("fast", 500.0)]
    comparison = compare(runs, parse_compare_options(budget="images_per_second>=200"))
    assert comparison.budget.best == "a"
    assert comparison.budget.sentence.endswith(
        ". Of the measurements of speed: 1 of 2 rows, the fastest fast · speed with 500.0 "
        "images/s; left out slow · speed."
    )
    assert [row.label for row in comparison.rows] == ["a", "fast · speed"]


def test_forward_passes_are_answered_beside_training_steps():
    runs = [measured("a", 100.0), measured("b", 90.0), measured("a", 500.0, "inference")]
    budget = compare(runs, parse_compare_options(budget="images_per_second>=95")).budget
    assert budget.best == "a"
    assert budget.sentence.endswith(
        ". Of the measurements of inference: 1 of 1 rows, the fastest a · inference with 500.0 images/s."
    )
