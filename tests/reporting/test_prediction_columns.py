import csv
import io
import json

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.errors import InputError
from densebench.reporting.export import format_comparison
from densebench.reporting.prediction_columns import PREDICTION
from densebench.reporting.row_columns import expand_columns, make_row_column


def compare_all(*runs):
    return compare(runs, CompareOptions())


def list_texts(rows):
    return {name: [cell.text for cell in make_row_column(name, rows).cells] for name in PREDICTION}


def test_the_short_name_stands_for_predicted_and_actual_cost_and_their_ratio():
    assert expand_columns(["prediction"]) == list(PREDICTION)
    assert expand_columns(["params", "prediction", "total_time"])[:3] == ["params", *PREDICTION[:2]]
    with pytest.raises(InputError, match="did you mean prediction"):
        expand_columns(["predictoin"])


def test_a_row_shows_how_true_its_prediction_came(trained):
    run = trained(predicted_total_seconds=40.0, predicted_peak_bytes=0.5 * 2**30)
    assert list_texts(compare_all(run).rows) == {
        "predicted_total_seconds": ["40.0 s"],
        "total_seconds": ["30.0 s"],
        "total_against_prediction": ["\N{MULTIPLICATION SIGN}0.750"],
        "predicted_peak_bytes": ["512.0"],
        "peak_bytes": ["1,024.0"],
        "peak_against_prediction": ["\N{MULTIPLICATION SIGN}2.000"],
    }


def test_seeds_are_averaged_over_those_that_have_a_prediction(trained):
    runs = [
        trained(seed=0, predicted_total_seconds=30.0),
        trained(seed=1, predicted_total_seconds=20.0),
        trained(seed=2),
    ]
    texts = list_texts(compare_all(*runs).rows)
    assert texts["predicted_total_seconds"] == ["25.0 s"]
    assert texts["total_against_prediction"] == ["\N{MULTIPLICATION SIGN}1.250"]


def test_what_has_no_prediction_or_did_not_finish_has_no_ratio(trained):
    broken = trained("100x12", status="failed", predicted_total_seconds=40.0, predicted_peak_bytes=2.0**30)
    texts = list_texts(compare_all(trained(), broken).rows)
    assert texts["predicted_total_seconds"] == ["-", "40.0 s"]
    assert texts["total_against_prediction"] == ["-", "-"]
    assert texts["peak_against_prediction"] == ["-", "-"]


def test_on_a_processor_memory_is_that_of_the_process(trained):
    run = trained(device_kind="cpu", predicted_peak_bytes=2.0**30)
    assert list_texts(compare_all(run).rows)["peak_bytes"] == ["-"]


def test_csv_and_json_have_the_values(trained):
    comparison = compare_all(trained(predicted_total_seconds=40.0, predicted_peak_bytes=2.0**30), trained("100x12"))
    rows = list(csv.DictReader(io.StringIO(format_comparison(comparison, "csv", ["prediction"]))))
    assert [row["total_against_prediction"] for row in rows] == ["0.75", ""]
    assert rows[0]["predicted_peak_bytes"] == "1073741824.0"
    first, second = json.loads(format_comparison(comparison, "json"))["rows"]
    assert first["prediction"]["peak_against_prediction"] == 1.0
    assert second["prediction"] is None
