import dataclasses

from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.legends import draw_legend, rank
from densebench.reporting.figures.series import list_series
from densebench.reporting.figures.style import MOST_NAMES, make_figure


def series(*runs):
    return list_series(compare(runs, CompareOptions()))


def names(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_published_figures_stand_among_those_of_finished_runs():
    published = dataclasses.replace(make_run("190x40", epochs=2), phase="published", status="", run="paper")
    failed = dataclasses.replace(make_run("161x48", epochs=2), status="failed")
    ranked = rank(series(make_run("100x12", epochs=2), failed, published), METRICS["train_loss"])
    assert [one.row.phase for one, _ in ranked] == ["published", "train", "train"]
    assert [note.endswith("failed") for _, note in ranked] == [False, False, True]


def test_a_row_whose_value_is_unknown_comes_last_without_a_note():
    blind = make_run("100x12", epochs=1)
    blind = dataclasses.replace(blind, records=(dataclasses.replace(blind.records[0], test_accuracy=None),))
    ranked = rank(series(blind, make_run("40x12", epochs=1)), METRICS["test_accuracy"])
    assert [one.row.label for one, _ in ranked] == ["40x12", "100x12"]
    assert ranked[1][1] == ""


def test_a_legend_counts_the_rows_for_which_it_has_no_room():
    runs = [dataclasses.replace(make_run("100x12", epochs=1), variant=f"v{number}") for number in range(MOST_NAMES + 5)]
    figure, _ = make_figure(1)
    draw_legend(figure, rank(series(*runs), METRICS["test_accuracy"]))
    assert len(names(figure)) == MOST_NAMES + 1
    assert names(figure)[-1] == "and 5 more"


def test_a_picture_grows_by_its_legend():
    figure, _ = make_figure(1)
    before = figure.get_size_inches().copy()
    runs = [dataclasses.replace(make_run("100x12", epochs=1), variant=f"v{number}") for number in range(40)]
    draw_legend(figure, rank(series(*runs), METRICS["test_accuracy"]))
    assert (figure.get_size_inches() > before).all()


def test_a_legend_shows_lines_or_markers_or_both():
    entries = rank(series(make_run("100x12", epochs=1)), METRICS["test_accuracy"])
    for lines, markers in ((True, False), (False, True), (True, True)):
        figure, _ = make_figure(1)
        draw_legend(figure, entries, lines=lines, markers=markers)
        (handle,) = figure.legends[0].legend_handles
        assert (handle.get_linestyle() != "None", handle.get_marker() != "None") == (lines, markers)
