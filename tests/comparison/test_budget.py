from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options


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
    assert [row.label for row in comparison.rows] == ["small", "middle"]


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
