import dataclasses
import itertools

import numpy as np
import pytest
from synthetic_runs import VARIANTS, make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.series import COLOURS, choose_looks, curve, list_series, shorten_names, tail


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
    series = list_series(compare(runs, CompareOptions()))
    assert len({(one.colour, one.dash) for one in series}) == 42
    assert len({(one.colour, one.marker) for one in series}) == 42


def looks(*runs, **options):
    return choose_looks(compare(runs, CompareOptions(**options)).rows)


def test_a_network_has_one_colour_and_each_backend_and_device_a_dash_and_a_marker():
    cases = [(v, b, d) for v in ("100x12", "40x12") for b in ("jax", "torch") for d in ("NVIDIA H100", "NVIDIA L4")]
    rows = compare([make_run(v, epochs=1, backend=b, device=d) for v, b, d in cases], CompareOptions()).rows
    found = [(row.runs[0], look) for row, look in zip(rows, choose_looks(rows), strict=True)]
    assert len({(run.variant, look.colour) for run, look in found}) == 2
    assert len({look.colour for _, look in found}) == 2
    for part in ("dash", "marker"):
        assert len({(run.backend, run.environment.device, getattr(look, part)) for run, look in found}) == 4
        assert {getattr(look, part) for _, look in found} == {0, 1, 2, 3}


def test_a_network_alone_has_a_colour_for_each_of_its_settings():
    found = looks(*(make_run("100x12", epochs=1, backend=backend) for backend in ("jax", "tensorflow", "torch")))
    assert [look.colour for look in found] == [0, 1, 2]


def test_more_networks_than_colours_share_them_with_other_dashes_and_markers():
    runs = [make_run(variant, epochs=1, backend=backend) for variant in VARIANTS for backend in ("jax", "torch")]
    assert len(set(looks(*runs))) == len(runs) == 24


def test_runs_of_one_network_that_stand_in_rows_of_their_own_differ_in_their_dash():
    runs = [make_run(variant, seed=seed, epochs=1) for variant in ("100x12", "40x12") for seed in range(3)]
    assert [(look.colour, look.dash) for look in looks(*runs, group=False)] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2),
    ]  # fmt: skip


def test_training_evaluation_and_published_figures_of_a_network_look_alike():
    train = [make_run(variant, epochs=1) for variant in ("100x12", "40x12")]
    evaluated = [dataclasses.replace(run, phase="eval", epochs=None, run=f"{run.run}-eval") for run in train]
    published = [dataclasses.replace(run, phase="published", backend=None, run=f"{run.run}-p") for run in train]
    found = looks(*train, *evaluated, *published)
    assert found[:2] == found[2:4] == found[4:]


def to_linear(colour):
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_has_a_contrast_of_three_to_one_on_white(colour):
    assert 1.05 / (to_linear(colour) @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


# Machado, Oliveira and Fernandes 2009, at full severity
SEEN_AS = {
    "usual sight": np.eye(3),
    "without red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "without green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "without blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def to_lab(linear):
    xyz = TO_XYZ @ np.clip(linear, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SEEN_AS)
def test_no_two_colours_look_alike_to_a_colour_blind_reader(sight):
    seen = [to_lab(SEEN_AS[sight] @ to_linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15  # 2.3: just noticed


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["c10-100x12-blog-s0", "c10-40x12-blog-s0"], ["100x12", "40x12"]),
        (["100x12 · jax", "100x12 · torch"], ["jax", "torch"]),
        (["a-b", "a-b-c"], ["b", "b-c"]),
        (["same", "same"], ["same", "same"]),
        (
            [
                "resnet20 · cifar10-images · epochs 30 · short · flip, shift 12.5% · threads 1",
                "resnet20 · cifar10-images · epochs 30 · blog · flip, shift 12.5% · threads 1",
                "resnet20 · digits · epochs 8 · blog · shift 12.5% · threads 2",
                "40x12",
            ],
            ["resnet20 · cifar10-images · short", "resnet20 · cifar10-images · blog", "resnet20 · digits", "40x12"],
        ),
        (["only-one"], ["only-one"]),
        ([], []),
    ],
)
def test_names_lose_what_they_share(names, short):
    assert shorten_names(names) == short
