"""The pictures: which are drawn, what they hold, where they land."""

import dataclasses
import warnings

import pytest
from PIL import Image
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.fronts import fronts
from densebench.comparison.options import CompareOptions
from densebench.errors import ResultsError
from densebench.records import Run
from densebench.reporting.figures.confusion import plot_confusion
from densebench.reporting.figures.costs import placed
from densebench.reporting.figures.label_placement import Box, nearest_free
from densebench.reporting.figures.plot import PICTURES, plot
from densebench.reporting.figures.series import curve, series_of, tail, told_apart

HOSTILE = "$x^2$_{<script>}\x1b[2J\n" + "long" * 50


@pytest.fixture(scope="module")
def comparison():
    runs = [make_run(variant, seed=seed, epochs=4) for variant in ("100x12", "40x12") for seed in (0, 1)]
    return compare(runs, CompareOptions())


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_directory_gets_every_picture(comparison, tmp_path):
    written = plot(comparison, tmp_path / "pictures")
    assert [path.name for path in written] == [f"{name}.png" for name in PICTURES]
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
    assert told_apart(names) == short


def test_labels_cover_neither_points_nor_one_another():
    frame = Box(0, 0, 600, 400)
    points = [(300 + 9 * number, 200 + 5 * (number % 4)) for number in range(12)]
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    for point in points:
        _, box = nearest_free(point, (60, 10), taken, frame)
        assert sum(box.shared_with(other) for other in taken) == 0
        assert box.shared_with(frame) == pytest.approx(box.area)
        taken.append(box)


def test_rows_of_other_hardware_form_a_front_of_their_own():
    runs = [
        make_run(variant, epochs=2, device=device)
        for device in ("NVIDIA H100", "NVIDIA L4")
        for variant in ("100x12", "resnet_32")
    ]
    comparison = compare(runs, CompareOptions())
    found = fronts(comparison.rows, "epoch_seconds")
    assert len(found) == 2
    for front in found:
        assert len({comparison.rows[place].runs[0].environment.device for place in front}) == 1


def test_a_confusion_matrix_shows_the_counts_and_the_share_that_is_right(tmp_path):
    target = plot_confusion([[8, 2], [1, 9]], ["cat", "dog$"], tmp_path / "confusion.svg")
    assert "85.00 % of 20 images right" in target.read_text()
    with pytest.raises(ResultsError, match="end its name in"):
        plot_confusion([[1]], ["cat"], tmp_path / "confusion.gif")


def test_a_run_that_did_not_finish_is_no_point_of_accuracy_against_cost(tmp_path):
    broken = dataclasses.replace(make_run("40x12", epochs=2), status="failed")
    comparison = compare([make_run("100x12", epochs=4), broken], CompareOptions())
    assert [one.label for one, _, _ in placed(series_of(comparison), "epoch_seconds")] == ["100x12"]
    assert "unfinished" in plot(comparison, tmp_path / "time.svg")[0].read_text()
    assert "%, failed" in plot(comparison, tmp_path / "accuracy.svg")[0].read_text()
