import dataclasses

from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.costs import bars, find_points, pareto
from densebench.reporting.figures.series import series_of


def series(*runs):
    return series_of(compare(runs, CompareOptions()))


def without(run, *columns):
    records = tuple(dataclasses.replace(record, **dict.fromkeys(columns)) for record in run.records)
    return dataclasses.replace(run, records=records)


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
