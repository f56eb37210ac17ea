import dataclasses
import json
import math

from densebench.comparison.compare import compare
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import parse_compare_options
from densebench.records import EpochRecord
from densebench.reporting.page.chart_data import make_page_data


def data(*runs, **options):
    return make_page_data(compare(runs, parse_compare_options(**options)))


def panels(found):
    return [panel.name for panel in found.panels]


def test_a_value_that_is_unknown_or_not_finite_is_null(trained):
    run = trained()
    records = (run.records[0], EpochRecord(epoch=2, test_loss=math.nan), dataclasses.replace(run.records[2], epoch=3))
    found = data(dataclasses.replace(run, records=records))
    (curve,) = found.rows[0].curves
    assert curve.epochs == [1, 2, 3]
    assert curve.values[panels(found).index("test_loss")] == [0.1, None, 0.1]
    assert curve.seconds[1] is None
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_curves_have_six_digits(trained):
    found = data(trained(accuracy=0.123456789))
    assert found.rows[0].curves[0].values[panels(found).index("test_accuracy")][-1] == 0.123457


def test_the_cost_that_was_asked_for_comes_first_and_unknown_ones_are_left_out(trained):
    assert [cost.name for cost in data(trained(), cost="params").costs] == [
        "params", "epoch_seconds", "total_seconds", "gpu_peak_bytes", "forward_macs",
    ]  # fmt: skip


def test_an_unfinished_run_has_curves_but_no_point(trained):
    found = data(trained("a"), trained("b", status="failed"))
    assert found.rows[1].unfinished == "failed"
    assert found.rows[1].curves
    assert [value is None for value in found.costs[0].values] == [False, True]


def test_an_evaluation_has_no_curve(trained):
    assert data(trained(phase="eval")).rows[0].curves == []


def test_the_points_of_several_seeds_have_the_range_of_their_accuracies(trained):
    found = data(*(trained(seed=seed, accuracy=0.9 + seed / 100) for seed in range(3)))
    assert found.rows[0].accuracy_range == [0.9, 0.92]


def test_there_is_a_panel_for_each_metric_with_a_curve_those_that_lead_first(trained):
    found = data(trained())
    assert panels(found) == ["test_accuracy", "test_loss", "train_accuracy", "train_loss"]
    assert set(panels(found)) == {metric.name for metric in METRICS.values() if metric.display.curve}
    first, second, *_ = found.panels
    assert (first.title, first.axis, first.factor, first.unit) == ("Test accuracy", "accuracy, %", 100, "%")
    assert [panel.may_be_logarithmic for panel in (first, second)] == [False, True]


def test_the_filter_finds_a_row_by_its_settings_its_runs_and_its_place_on_the_front(trained):
    found = data(trained("a", device="NVIDIA L4", accuracy=0.9), trained("b", backend="jax", accuracy=0.8))
    first, second = (row.words for row in found.rows)
    assert all(word in first for word in ("a-s0", "nvidia l4", "tensorflow", "digits", "training", "front"))
    assert "jax" in second
    assert "jax" not in first
    assert "front" not in data(trained("a", accuracy=0.9), trained("b", accuracy=0.8, seconds=11)).rows[1].words
