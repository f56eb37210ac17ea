"""No text of any picture covers another or is cut off, from one row to sixty and more."""

import dataclasses
from functools import cache
from itertools import combinations

import pytest
from matplotlib.text import Text
from synthetic_runs import make_run, make_runs

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.files import drawing
from densebench.reporting.figures.label_placement import Box
from densebench.reporting.figures.plot import list_pictures
from densebench.reporting.figures.series import list_series
from densebench.reporting.figures.style import label


@cache
def series(rows):
    runs = [
        dataclasses.replace(run, variant=f"{run.variant}-with-a-long-name") if number % 3 == 0 else run
        for number, run in enumerate(make_runs(rows, epochs=4))
    ]
    return list_series(compare(runs, CompareOptions()))


def list_texts(figure, monkeypatch):
    """Every text that is drawn, with its box in pixels; ticks beyond the ends of an axis are not."""
    found = []
    draw = Text.draw

    def note(text, renderer):
        found.append(text)
        draw(text, renderer)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", note)
        figure.draw_without_rendering()
    found = [text for text in found if text.get_text().strip() and text.get_visible()]
    boxes = [Text.get_window_extent(text) for text in found]  # of an annotation without its line
    return [(text.get_text(), Box(box.x0, box.y0, box.x1, box.y1)) for text, box in zip(found, boxes, strict=True)]


@pytest.mark.parametrize("rows", [1, 3, 12, 40, 70])
@pytest.mark.parametrize("picture", list_pictures())
def test_no_text_covers_another_or_is_cut_off(picture, rows, monkeypatch):
    with drawing():
        figure = list_pictures()[picture](series(rows))
        texts = list_texts(figure, monkeypatch)
    width, height = figure.get_size_inches() * figure.dpi
    assert len(texts) > 5
    assert [text for text, box in texts if not Box(0, 0, width, height).holds(box)] == []
    assert [(one, other) for (one, a), (other, b) in combinations(texts, 2) if a.overlaps(b)] == []


def test_the_overview_of_forty_rows_names_each_in_its_legend_and_beside_its_bar():
    with drawing():
        figure = list_pictures()["overview"](series(40))
    (legend,) = figure.legends
    names = {label(one.label) for one in series(40)}
    assert {text.get_text().rsplit("  ", 1)[0] for text in legend.get_texts()} == names
    assert {tick.get_text() for tick in figure.axes[-1].get_yticklabels()} == names


def test_an_overview_of_a_single_row_has_a_legend():
    with drawing():
        figure = list_pictures()["overview"](list_series(compare([make_run("40x12", epochs=2)], CompareOptions())))
    assert [text.get_text().split()[0] for text in figure.legends[0].get_texts()] == ["40x12"]
