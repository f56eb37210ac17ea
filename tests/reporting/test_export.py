import csv
import dataclasses
import io
import json

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.errors import InputError
from densebench.reporting.export import format_comparison

HOSTILE = '=cmd()|<script>"\n[red]\\evil'


@pytest.fixture
def compared(trained):
    runs = [trained(variant, seed, 0.9 + seed / 100, 5 + seed / 10) for variant in ("a", "b") for seed in range(3)]
    hostile = dataclasses.replace(trained(HOSTILE), run=HOSTILE, phase="published", source=HOSTILE)
    options = parse_compare_options(baseline="a", fail_on="epoch_seconds>+5%", budget="params<=1e9")
    return compare([*runs, hostile], options)


def test_json_names_rows_metrics_and_verdicts_by_their_columns(compared):
    content = json.loads(format_comparison(compared, "json"))
    assert (content["schema"], content["kind"]) == (1, "comparison")
    first, second, last = content["rows"]
    assert first["settings"]["dataset"] == "digits"
    assert first["metrics"]["test_accuracy"]["values"] == [0.9, 0.91, 0.92]
    assert first["is_baseline"]
    assert second["verdicts"]["epoch_seconds"]["word"] == "inconclusive"
    assert second["verdicts"]["params"]["p"] is None
    assert last["label"] == HOSTILE
    assert content["gate"]["failed"] is False
    assert content["budget"]["best"] in ("a", "b")


def test_the_keys_of_json_are_stable(compared):
    content = json.loads(format_comparison(compared, "json"))
    assert list(content) == ["schema", "kind", "rows", "notes", "environments", "budget", "gate"]
    assert list(content["rows"][1]) == [
        "label", "runs", "seeds", "settings", "mixed", "metrics", "prediction", "is_baseline", "baseline", "verdicts",
        "on_front", "dominated_by", "within_budget", "scaling", "source",
    ]  # fmt: skip
    assert list(content["rows"][1]["verdicts"]["params"]) == [
        "kind", "word", "estimate", "interval", "p", "interval_holm", "confidence_holm", "p_holm", "error", "freedom",
        "p_permutation", "p_permutation_least", "paired", "too_few", "more_seeds", "seeds_needed", "floor", "marked",
        "reason",
    ]  # fmt: skip
    assert list(content["rows"][1]["metrics"]["params"]) == ["values", "n", "mean", "deviation", "interval"]


def test_csv_has_one_line_a_row_and_floats_to_the_last_bit(compared):
    rows = list(csv.DictReader(io.StringIO(format_comparison(compared, "csv"))))
    assert [row["label"] for row in rows] == ["a", "b", f"'{HOSTILE}"]
    assert float(rows[1]["test_accuracy"]) == compared.rows[1].summary("test_accuracy").mean
    assert rows[1]["epoch_seconds_verdict"] == "inconclusive"
    assert rows[0]["epoch_seconds_verdict"] == ""
    assert rows[0]["run_count"] == "3"


def test_csv_of_chosen_columns_has_no_others(compared):
    head = format_comparison(compared, "csv", ["accuracy", "epochs"]).splitlines()[0].split(",")
    assert "test_accuracy_p_holm" in head
    assert "epochs" in head
    assert "params" not in head


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_hostile_names_do_nothing_in_documents(compared, form):
    text = format_comparison(compared, form)
    assert "<script>" not in text
    assert not any(line.startswith("[red]") for line in text.splitlines())
    assert r"\evil" not in text.replace(r"\\evil", "")


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "latex"])
def test_every_format_has_every_row(trained, form):
    runs = [trained(f"net{index}") for index in range(30)]
    text = format_comparison(compare(runs, CompareOptions()), form)
    assert all(f"net{index}" in text for index in range(30))


def test_an_unknown_format_or_column_gets_the_nearest(compared):
    with pytest.raises(InputError, match="markdown"):
        format_comparison(compared, "markdwon")
    with pytest.raises(InputError, match="test_accuracy"):
        format_comparison(compared, "json", ["test_acuracy"])
