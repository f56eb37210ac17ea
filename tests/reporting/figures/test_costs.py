import dataclasses

from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.costs import bars, find_points, pareto, sort_bars
from densebench.reporting.figures.series import list_series
from densebench.reporting.figures.style import MOST_NAMES


def series(*runs):
    return list_series(compare(runs, CompareOptions()))


def without(run, *columns):
    records = tuple(dataclasses.replace(record, **dict.fromkeys(columns)) for record in run.records)
    return dataclasses.replace(run, records=records)


def bar_names(axes):
    return [tick.get_text() for tick in axes.get_yticklabels()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_picture_of_bars_has_a_panel_for_each_of_its_metrics_that_is_known():
    figure = bars(series(make_run("100x12", epochs=2)), "time")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Epoch time", "Images/s", "Total time"]
    unknown = without(make_run("100x12", epochs=2), "images_per_second")
    assert len(bars(series(unknown), "time").axes) == 2
    assert bars(series(without(make_run("100x12", epochs=2), "energy_joules")), "energy") is None


def test_a_figure_that_a_row_lacks_is_called_unknown_and_a_total_of_an_unfinished_run_unfinished():
    lacking = without(make_run("40x12", epochs=2), "gpu_peak_bytes")
    (memory, *_) = bars(series(make_run("100x12", epochs=2), lacking), "memory").axes
    assert "unknown" in texts(memory)
    failed = dataclasses.replace(make_run("40x12", epochs=2), status="failed")
    epoch_time, _, total = bars(series(make_run("100x12", epochs=2), failed), "time").axes
    assert ("unfinished" in texts(epoch_time), "unfinished" in texts(total)) == (False, True)


def test_several_seeds_are_one_bar_with_their_range():
    runs = [make_run("100x12", seed=seed, epochs=2) for seed in (0, 1)]
    (axes, *_) = bars(series(*runs), "time").axes
    assert len(axes.patches) == 1
    assert len(axes.lines) == 1


def test_bars_are_sorted_from_the_best_down_and_end_with_what_is_unknown():
    variants = ("190x40", "resnet_32", "100x12")
    unknown = without(make_run("40x12", epochs=2), "epoch_seconds", "images_per_second")
    figure = bars(series(unknown, *(make_run(variant, epochs=2) for variant in variants)), "time")
    assert bar_names(figure.axes[0]) == ["resnet_32", "100x12", "190x40", "40x12"]
    assert [len(set(bar_names(axes))) for axes in figure.axes[1:]] == [1, 1]


def test_the_bar_of_a_total_that_is_unfinished_stands_last():
    failed = dataclasses.replace(make_run("resnet_32", epochs=2), status="failed")
    found = series(failed, make_run("100x12", epochs=2))
    assert [one.row.label for one in sort_bars(found, "total_seconds")] == ["100x12", "resnet_32"]
    assert [one.row.label for one in sort_bars(found, "epoch_seconds")] == ["resnet_32", "100x12"]


def test_bars_beyond_the_room_are_counted():
    run = make_run("100x12", epochs=1)
    runs = [dataclasses.replace(run, variant=f"v{number}") for number in range(MOST_NAMES + 3)]
    (axes, *_) = bars(series(*runs), "size").axes
    assert len(axes.patches) == MOST_NAMES
    assert bar_names(axes)[-1] == "and 3 more"


def test_points_without_room_for_their_names_are_named_in_a_legend():
    runs = [dataclasses.replace(make_run("100x12", epochs=1), variant=f"v{number}") for number in range(30)]
    (legend,) = pareto(series(*runs), "params").legends
    assert {text.get_text().split()[0] for text in legend.get_texts()} == {run.variant for run in runs}
    roomy = series(*(make_run(variant, epochs=1) for variant in ("100x12", "40x12")))
    assert pareto(roomy, "params").legends == []


def test_costs_that_differ_by_orders_of_magnitude_have_a_logarithmic_axis():
    wide = series(make_run("resnet_32", epochs=2), make_run("190x40", epochs=2))
    near = series(make_run("resnet_32", epochs=2), make_run("40x12", epochs=2))
    assert pareto(wide, "params").axes[0].get_xscale() == "log"
    assert pareto(near, "params").axes[0].get_xscale() == "linear"


def test_a_row_without_accuracy_or_cost_is_no_point():
    blind = without(make_run("40x12", epochs=2), "test_accuracy")
    found = find_points(series(make_run("100x12", epochs=2), blind), "epoch_seconds")
    assert [one.label for one, _, _ in found] == ["100x12"]
    assert pareto(series(blind), "epoch_seconds") is None
