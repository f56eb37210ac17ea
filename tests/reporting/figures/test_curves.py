import dataclasses

from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.curves import draw_curves, find_drawable
from densebench.reporting.figures.series import list_series


def series(*runs):
    return list_series(compare(runs, CompareOptions()))


def with_losses(run, *losses):
    records = [dataclasses.replace(record, test_loss=loss) for record, loss in zip(run.records, losses, strict=True)]
    return dataclasses.replace(run, records=tuple(records))


def test_an_accuracy_has_a_panel_that_enlarges_the_last_quarter():
    figure = draw_curves(series(make_run("100x12", epochs=40)), "accuracy", "epoch")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Train accuracy", "Test accuracy", "Test accuracy, enlarged"]
    assert {axes.get_ylabel() for axes in figure.axes} == {"accuracy, %"}
    assert figure.axes[2].get_xlim()[0] > 30
    assert figure.axes[1].get_xlim()[0] < 5


def test_a_loss_that_falls_far_has_a_logarithmic_axis_and_another_has_not():
    far, near = (with_losses(make_run("100x12", epochs=3), 2.0, 1.0, last) for last in (0.01, 0.5))
    assert draw_curves(series(far), "loss", "epoch").axes[1].get_yscale() == "log"
    assert draw_curves(series(near), "loss", "epoch").axes[1].get_yscale() == "linear"


def test_the_legend_begins_with_the_best_last_value_and_ends_with_what_did_not_finish():
    runs = [
        with_losses(dataclasses.replace(make_run(variant, epochs=2), status=status), 2.0, last)
        for variant, status, last in (
            ("100x12", "failed", 0.1),
            ("40x12", "completed", 0.5),
            ("resnet_32", "completed", 0.3),
        )
    ]
    figure = draw_curves(series(*runs), "loss", "epoch")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [name.split()[0] for name in names] == ["resnet_32", "40x12", "100x12"]
    assert names[2].endswith("0.100, failed")


def test_an_evaluation_has_no_curve():
    evaluated = dataclasses.replace(make_run("100x12", epochs=1), phase="eval")
    assert find_drawable(series(evaluated), "epoch") == []
    assert draw_curves(series(evaluated), "accuracy", "epoch") is None


def test_wall_time_is_in_the_unit_that_fits_the_longest_run():
    figure = draw_curves(series(make_run("190x40", epochs=20)), "loss", "elapsed_seconds")
    assert {axes.get_xlabel() for axes in figure.axes} == {"wall time, h"}
