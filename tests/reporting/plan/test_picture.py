"""The picture of a plan: what is on it, and where it lands."""

import dataclasses
import warnings

import pytest
from made_up_plan import list_four, make_candidate, make_day_plan, make_plan, make_target_plan, predict
from matplotlib.text import Text
from PIL import Image

from densebench.errors import ResultsError
from densebench.reporting.plan.chart import list_panels
from densebench.reporting.plan.picture import _draw, plot_plan


def list_texts(plan):
    """Everything that is written on it."""
    figure = _draw(plan, list_panels(plan))
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_it_shows_accuracy_against_time_and_every_limited_cost():
    texts = list_texts(make_day_plan())
    for text in (
        "Accuracy against time",
        "expected test accuracy, %",
        "Time, d",
        "Memory, GiB",
        "8.5 h ± 2 %",
        "measured here",
        "predicted from others",
        "on the Pareto front",
        "beyond the budget",
        "budget",
    ):
        assert text in texts


def test_a_point_has_its_name_and_an_unknown_accuracy_no_point():
    plan = make_day_plan()
    scatter = _draw(plan, list_panels(plan)).axes[0]
    assert {text.get_text() for text in scatter.texts} == {"resnet20", "100x12", "wrn28x10"}


def test_without_any_accuracy_it_is_the_costs_alone():
    candidates = [
        dataclasses.replace(one, accuracy=None, fits=None, on_front=False, prediction=predict(100.0 * place, 1))
        for place, one in enumerate(list_four(), 1)
    ]
    texts = list_texts(make_plan(candidates, budget=None))
    assert {"resnet20", "measured here"} <= set(texts)
    assert not {"Accuracy against time", "predicted from others", "on the Pareto front", "budget"} & set(texts)


def test_a_network_whose_time_to_the_target_is_unknown_leaves_its_line_empty_and_the_others_keep_theirs():
    plan = make_target_plan()
    times, to_target = _draw(plan, list_panels(plan)).axes[1:]
    places = [{text.get_text(): text.xy[1] for text in axes.texts} for axes in (times, to_target)]
    assert [text.get_text() for text in times.get_yticklabels()] == ["resnet20", "40x12", "100x12", "wrn28x10"]
    assert places[0]["23.5 h ± 8 %"] == places[1]["3.9 h"] == 1
    assert set(places[1].values()) == {0, 1}
    assert to_target.get_xlabel() == "Time to 94 %, h"


def test_a_demand_on_accuracy_is_explained_as_the_budget():
    assert "budget" in list_texts(make_plan(list_four()[:1], budget="accuracy>=90%"))


def test_a_folder_gets_a_png_and_a_file_its_own_format(tmp_path):
    (file,) = plot_plan(make_day_plan(), tmp_path / "pictures")
    assert file == tmp_path / "pictures" / "plan.png"
    with Image.open(file) as picture:
        assert picture.width > 1000
        assert len(picture.convert("L").getcolors()) > 10
    (file,) = plot_plan(make_day_plan(), tmp_path / "a.pdf")
    assert file.read_bytes().startswith(b"%PDF")


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    one, other = (plot_plan(make_day_plan(), tmp_path / f"{name}.svg")[0].read_bytes() for name in "ab")
    assert one == other


def test_nothing_to_draw_and_nowhere_to_write_are_one_sentence(tmp_path):
    empty = make_plan([make_candidate("121x32", None)], chosen=None)
    with pytest.raises(ResultsError, match=r"holds nothing to draw, for nothing was measured\.$"):
        plot_plan(empty, tmp_path / "a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        plot_plan(make_day_plan(), tmp_path / "file" / "a.png")


def test_a_hostile_name_is_text(tmp_path):
    hostile = make_candidate("$x^2$_{<script>}\x1b[2J", predict(100, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (file,) = plot_plan(make_plan([hostile]), tmp_path / "plan.svg")
    picture = file.read_text()
    assert "<script" not in picture
    assert "\x1b" not in picture
