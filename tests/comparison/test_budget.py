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


def test_nothing_that_fits_is_said_so(trained):
    comparison = compare([trained("a")], parse_compare_options(budget="params<1000"))
    assert comparison.budget.best is None
    assert comparison.budget.sentence == (
        "Within params<1000: 0 of 1 rows, none of them with a known accuracy; left out a."
    )


def measured(variant, rate):
    """A measurement of speed."""
    records = (EpochRecord(images_per_second=rate),)
    return Run(run=variant, variant=variant, phase="speed", status="completed", batch_size=64, records=records)


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
