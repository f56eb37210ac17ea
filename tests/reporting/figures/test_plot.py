"""The pictures: which are drawn, what they hold, where they land."""

import dataclasses
import warnings

import pytest
from PIL import Image
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.errors import ResultsError
from densebench.records import Run
from densebench.reporting.figures.costs import find_points
from densebench.reporting.figures.plot import list_pictures, plot
from densebench.reporting.figures.series import list_series

HOSTILE = "$x^2$_{<script>}\x1b[2J\n" + "long" * 50


@pytest.fixture(scope="module")
def comparison():
    runs = [make_run(variant, seed=seed, epochs=4) for variant in ("100x12", "40x12") for seed in (0, 1)]
    return compare(runs, CompareOptions())


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_directory_gets_every_picture(comparison, tmp_path):
    written = plot(comparison, tmp_path / "pictures")
    assert [path.name for path in written] == [f"{name}.png" for name in list_pictures()]
    for path in written:
        with Image.open(path) as picture:
            assert picture.width > 600
            assert len(picture.convert("L").getcolors()) > 10, f"{path.name} is blank"
    assert leftovers(tmp_path / "pictures") == []


@pytest.mark.parametrize(("suffix", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_a_file_gets_one_picture_in_the_format_of_its_name(comparison, tmp_path, suffix, begins):
    target = tmp_path / f"anything.{suffix}"
    assert plot(comparison, target) == [target]
    assert target.read_bytes().startswith(begins)


def test_a_file_named_after_a_picture_gets_that_picture(comparison, tmp_path):
    plot(comparison, tmp_path / "memory.svg")
    assert "GPU memory" in (tmp_path / "memory.svg").read_text()
    assert "Test accuracy" not in (tmp_path / "memory.svg").read_text()


def test_the_same_runs_give_the_same_bytes(comparison, tmp_path):
    first, second = (plot(comparison, tmp_path / name / "overview.svg")[0].read_bytes() for name in ("a", "b"))
    assert first == second


def test_the_units_stand_on_the_axes(comparison, tmp_path):
    for name, units in {
        "accuracy": ["accuracy, %", "epoch"],
        "loss_by_time": ["cross-entropy, nats", "wall time, min"],
        "time": ["images a second"],
        "memory": ["MiB"],
        "pareto_params": ["Params, million"],
    }.items():
        picture = plot(comparison, tmp_path / f"{name}.svg")[0].read_text()
        for unit in units:
            assert unit in picture, f"{name} lacks {unit}"


def test_a_picture_of_which_nothing_is_known_is_left_out(tmp_path):
    run = dataclasses.replace(make_run("100x12", epochs=2), records=())
    names = [path.stem for path in plot(compare([run], CompareOptions()), tmp_path)]
    assert "size" in names
    assert not {"accuracy", "loss", "memory", "energy", "pareto_time", "overview"} & set(names)


def test_nothing_to_draw_is_one_sentence(tmp_path):
    empty = compare([Run(run="x", variant="100x12")], CompareOptions())
    with pytest.raises(ResultsError, match="nothing to draw"):
        plot(empty, tmp_path)
    with pytest.raises(ResultsError, match="'energy'"):
        plot(empty, tmp_path / "energy.png")


def test_an_unwritable_target_is_one_sentence(comparison, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        plot(comparison, tmp_path / "file" / "x.png")


def test_a_picture_that_fails_leaves_the_old_one_alone(comparison, tmp_path, monkeypatch):
    target = tmp_path / "overview.png"
    target.write_text("old")

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("densebench.files.os.replace", full)
    with pytest.raises(ResultsError, match="No space left"):
        plot(comparison, target)
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_a_hostile_name_is_drawn_as_it_is(tmp_path):
    runs = [
        dataclasses.replace(make_run("100x12", epochs=2), variant=name)
        for name in (HOSTILE, "_hidden", "日本", "=cmd()")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (target,) = plot(compare(runs, CompareOptions()), tmp_path / "accuracy.svg")
    picture = target.read_text()
    assert "_hidden" in picture
    assert "<script" not in picture
    assert "\x1b" not in picture


def test_a_run_that_did_not_finish_is_no_point_of_accuracy_against_cost(tmp_path):
    broken = dataclasses.replace(make_run("40x12", epochs=2), status="failed")
    comparison = compare([make_run("100x12", epochs=4), broken], CompareOptions())
    assert [one.label for one, _, _ in find_points(list_series(comparison), "epoch_seconds")] == ["100x12"]
    assert "unfinished" in plot(comparison, tmp_path / "time.svg")[0].read_text()
    assert "%, failed" in plot(comparison, tmp_path / "accuracy.svg")[0].read_text()
