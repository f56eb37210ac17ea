import dataclasses

import pytest
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.series import curve, series_of, shorten_names, tail


def test_the_curve_of_several_seeds_is_their_mean_with_the_whole_range():
    runs = [make_run("100x12", seed=seed, epochs=6) for seed in range(3)]
    drawn = curve(runs, "epoch", "test_accuracy", scale=100)
    values = [100 * run.records[2].test_accuracy for run in runs]
    assert drawn.epochs == [1, 2, 3, 4, 5, 6]
    assert drawn.mean[2] == pytest.approx(sum(values) / 3)
    assert (drawn.low[2], drawn.high[2]) == (min(values), max(values))


def test_a_seed_that_stopped_early_does_not_bend_the_mean_of_the_others():
    runs = [make_run("100x12", seed=0, epochs=6), make_run("100x12", seed=1, epochs=4)]
    assert curve(runs, "epoch", "test_loss").epochs == [1, 2, 3, 4]
    assert tail(runs[0], 4, "epoch", "test_loss")[0] == [4, 5, 6]


def test_a_value_that_is_not_finite_is_a_gap():
    run = make_run("100x12", epochs=3)
    broken = dataclasses.replace(run.records[1], train_loss=float("nan"))
    run = dataclasses.replace(run, records=(run.records[0], broken, run.records[2]))
    assert curve([run], "epoch", "train_loss").epochs == [1, 3]


def test_no_two_of_twelve_rows_look_alike():
    runs = [dataclasses.replace(make_run("100x12", epochs=1), variant=f"v{number}") for number in range(42)]
    series = series_of(compare(runs, CompareOptions()))
    assert len({(one.colour, one.dash) for one in series}) == 42
    assert len({(one.colour, one.marker) for one in series}) == 42


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["c10-100x12-blog-s0", "c10-40x12-blog-s0"], ["100x12", "40x12"]),
        (["100x12 · jax", "100x12 · torch"], ["jax", "torch"]),
        (["a-b", "a-b-c"], ["b", "b-c"]),
        (["same", "same"], ["same", "same"]),
        (["only-one"], ["only-one"]),
        ([], []),
    ],
)
def test_names_lose_what_they_share(names, short):
    assert shorten_names(names) == short
