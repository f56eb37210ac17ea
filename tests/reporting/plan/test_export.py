import csv
import io
import json

import pytest
from made_up_plan import DAY, HOUR, list_four, make_candidate, make_day_plan, make_plan, make_target_plan

from densebench.errors import InputError
from densebench.reporting.export import FORMATS
from densebench.reporting.plan.export import format_plan, make_values_grid
from densebench.reporting.rendering import values


def test_csv_has_the_values_in_base_units_and_nothing_for_what_is_unknown():
    rows = list(csv.DictReader(io.StringIO(format_plan(make_day_plan(), "csv"))))
    assert [row["variant"] for row in rows] == ["resnet20", "40x12", "100x12", "wrn28x10"]
    first, second, third, last = rows
    assert float(first["predicted_total_seconds"]) == 8.5 * HOUR
    assert float(last["predicted_total_seconds_high"]) == 42.4 * DAY
    assert float(first["predicted_peak_bytes"]) == pytest.approx(0.82 * 2**30)
    assert (first["measured"], last["measured"]) == ("true", "false")
    assert (second["expected_accuracy"], second["accuracy_source"]) == ("", "")
    assert (first["fits"], third["fits"], third["reason"]) == ("true", "false", "time")
    assert first["command"] == "densebench train resnet20 --dataset cifar10"


def test_energy_and_price_are_of_all_runs():
    (one, *_), (five, *_) = (values(make_values_grid(make_plan(seeds=seeds))) for seeds in (1, 5))
    assert five["energy_joules"] == 5 * one["energy_joules"]
    assert five["price"] == 5 * one["price"]
    assert five["predicted_total_seconds"] == one["predicted_total_seconds"]


def test_json_says_what_was_chosen_and_what_would_fit():
    found = json.loads(format_plan(make_day_plan(), "json"))
    assert found["kind"] == "plan"
    assert (found["chosen"], found["nearest"]) == ("resnet20", "100x12")
    assert found["command"] == "densebench train resnet20 --dataset cifar10"
    assert [way["option"] for way in found["alternatives"]] == ["--recipe short", "--precision mixed_bfloat16"]
    assert [row["on_front"] for row in found["plan"]] == [True, False, True, True]
    assert found["plan"][1]["expected_accuracy"] is None
    assert found["measured"] == ["resnet20", "40x12", "100x12"]


def test_json_of_a_plan_in_which_nothing_fits_has_nulls():
    beyond = list_four()[2:]
    found = json.loads(format_plan(make_plan(beyond, chosen=None, nearest=beyond[0]), "json"))
    assert found["chosen"] is None
    assert found["command"] is None
    assert found["alternatives"] == []


def test_a_network_that_could_not_be_measured_is_a_row_with_its_reason():
    broken = make_candidate("121x32", None, problem="Memory ran out.")
    row = values(make_values_grid(make_plan([list_four()[0], broken])))[1]
    assert (row["variant"], row["reason"], row["measured"]) == ("121x32", "Memory ran out.", False)
    assert row["predicted_total_seconds"] is None


def test_markdown_and_latex_have_the_table_the_sentences_and_the_command():
    markdown = format_plan(make_day_plan(), "markdown")
    assert "| resnet20 | 8.5 h | ± 2 % | 0.82 GiB |" in markdown
    assert "Within the budget, resnet20 is the most accurate" in markdown
    assert "Start: densebench train resnet20" in markdown
    latex = format_plan(make_day_plan(), "latex")
    assert r"resnet20 & 8.5 h & \ensuremath{\pm} 2 \% & 0.82 GiB &" in latex
    assert latex.count("% Start: densebench train resnet20") == 1


def test_every_format_of_other_commands_is_known_here_and_no_other():
    for form in FORMATS:
        if form != "table":
            assert "resnet20" in format_plan(make_day_plan(), form)
    with pytest.raises(InputError, match="Unknown format 'xml'"):
        format_plan(make_day_plan(), "xml")


def test_the_time_to_a_target_stands_with_its_epochs_and_what_it_is_known_from():
    plan = make_target_plan()
    first, second, third, last = values(make_values_grid(plan))
    assert first["predicted_time_to_target_seconds"] == 3.7 * HOUR
    assert first["predicted_time_to_target_seconds_low"] == 3.4 * HOUR
    assert [row["epochs_to_target"] for row in (first, second, third, last)] == [130, 50, None, None]
    assert [row["target_reached"] for row in (first, second, third, last)] == [5, 1, 3, None]
    assert [row["target_runs"] for row in (first, second, third, last)] == [5, 1, 5, None]
    assert (second["predicted_time_to_target_seconds_high"], third["predicted_time_to_target_seconds"]) == (None, None)
    assert {row["target"] for row in (first, last)} == {0.94}
    assert json.loads(format_plan(plan, "json"))["target"] == 0.94
    assert values(make_values_grid(make_day_plan()))[0]["target"] is None
