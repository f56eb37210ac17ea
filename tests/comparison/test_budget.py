import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.comparison.budget import limits
from densebench.comparison.compare import CompareOptions, compare
from densebench.errors import InputError


def test_the_most_accurate_of_what_fits_is_named(trained):
    runs = [
        trained("small", accuracy=0.8, memory=2 * 2**30),
        trained("middle", accuracy=0.9, memory=8 * 2**30),
        trained("large", accuracy=0.95, memory=9 * 2**30),
        trained("slow", accuracy=0.96, memory=2**30, seconds=9000),
    ]
    comparison = compare(runs, CompareOptions(budget="gpu_peak_bytes<=8GiB, total_time<=2h"))
    budget = comparison.budget
    assert (budget.within, budget.excluded, budget.best) == (("small", "middle"), ("large", "slow"), "middle")
    assert "2 of 4 rows, the most accurate middle with 90.00 %; left out large and slow." in budget.sentence
    assert [row.label for row in comparison.rows] == ["small", "middle"]


def test_a_row_that_lacks_a_figure_is_neither_in_nor_out(trained):
    runs = [trained("a"), trained("b", memory=None)]
    comparison = compare(runs, CompareOptions(budget="gpu_peak_bytes<=8GiB"))
    assert (comparison.budget.within, comparison.budget.unknown) == (("a",), ("b",))
    assert "a figure is unknown of b" in comparison.budget.sentence
    assert [row.label for row in comparison.rows] == ["a", "b"]


def test_a_known_figure_beyond_the_budget_excludes_whatever_else_is_unknown(trained):
    comparison = compare([trained("a", memory=None)], CompareOptions(budget="gpu_peak_bytes<=8GiB,params<=1"))
    assert comparison.budget.excluded == ("a",)


def test_nothing_that_fits_is_said_so(trained):
    comparison = compare([trained("a")], CompareOptions(budget="params<1000"))
    assert comparison.budget.best is None
    assert comparison.budget.sentence == (
        "Within params<1000: 0 of 1 rows, none of them with a known accuracy; left out a."
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no limit"),
        ("gpu_peak_bytes", "is no limit"),
        ("gpu_peak_bytes<=8GiB,", "is no limit"),
        ("gpu_peak_bytes<=8", None),
        ("gpu_peak_bytes<=2h", "does not fit"),
        ("gpu_peak_bytes<=8Gib", "unknown unit 'Gib'"),
        ("gpu_peek_bytes<=8GiB", "did you mean gpu_peak_bytes"),
        ("test_accuracy>=93%", None),
        ("test_accuracy>=3pp", "does not fit"),
        ("energy<=5kJ", None),
    ],
)
def test_a_limit_is_understood_or_told_in_one_sentence(text, says):
    if says is None:
        assert len(limits(text)) == 1
    else:
        with pytest.raises(InputError, match=says):
            limits(text)


@given(st.text(st.sampled_from("gpu_peak_bytes<=8GiB, test%pp>h.1e"), max_size=30))
def test_any_text_is_a_budget_or_an_input_error(text):
    with contextlib.suppress(InputError):
        assert limits(text)
