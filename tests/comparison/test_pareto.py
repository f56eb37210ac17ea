import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options
from densebench.comparison.pareto import Point, find_dominators


def front(runs, cost="epoch_seconds"):
    return {row.label: (row.on_front, row.dominated_by) for row in compare(runs, parse_compare_options(cost=cost)).rows}


def test_a_row_that_another_beats_in_both_is_dominated_and_says_by_which(trained):
    runs = [
        trained("small", accuracy=0.8, seconds=5),
        trained("large", accuracy=0.9, seconds=9),
        trained("poor", accuracy=0.7, seconds=6),
    ]
    assert front(runs) == {"small": (True, None), "large": (True, None), "poor": (False, "small")}


def test_equal_rows_do_not_dominate_each_other(trained):
    assert front([trained("a"), trained("b")]) == {"a": (True, None), "b": (True, None)}


def test_rows_on_other_data_or_hardware_do_not_dominate(trained):
    runs = [trained("a", accuracy=0.9, seconds=5), trained("b", accuracy=0.8, seconds=9, device="Slow Card")]
    runs.append(trained("c", accuracy=0.7, seconds=9, dataset="cifar10"))
    assert all(on_front for on_front, _ in front(runs).values())
    assert front(runs, "params")["b"] == (False, "a")


def test_a_row_without_the_cost_or_unfinished_is_neither_on_the_front_nor_dominated(trained):
    runs = [trained("a"), trained("b", accuracy=0.5, params=None), trained("c", accuracy=0.99, status="failed")]
    assert front(runs, "params") == {"a": (True, None), "b": (False, None), "c": (False, None)}


small = st.integers(0, 4).map(float)


@given(st.lists(st.tuples(small, small), min_size=1, max_size=8))
def test_the_sweep_finds_what_comparing_all_pairs_finds(points):
    points = [Point(index=index, accuracy=accuracy, paid=paid) for index, (accuracy, paid) in enumerate(points)]

    def beats(other, point):
        return (
            other.accuracy >= point.accuracy
            and other.paid <= point.paid
            and (other.accuracy, other.paid) != (point.accuracy, point.paid)
        )

    for point, better in find_dominators(points):
        assert (better is not None) == any(beats(other, point) for other in points)
        assert better is None or beats(better, point)


@pytest.mark.parametrize("cost", ["energy", "time_to_target", "gpu_peak_bytes", "forward_macs", "images_per_second"])
def test_every_cost_has_a_front(trained, cost):
    runs = [trained("a", time_to_target_seconds=3.0, target=0.5), trained("b", accuracy=0.2)]
    assert front(runs, cost)["a"] in ((True, None), (False, None))
