import csv
import dataclasses
import io
import json
import re

import pytest
from rich.console import Console

from densebench.records import COLUMNS, EpochRecord
from densebench.reporting.grid_output import draw_grids
from densebench.reporting.notebook import render_text
from densebench.reporting.run_tables import format_evaluation, format_runs_as, make_evaluation_grids, make_run_tables
from densebench.results import csv_file

CONFUSION = [[5, 1, 0], [0, 7, 2], [0, 0, 0]]
CLASSES = ["cat", "do|g", "none"]


def printed(renderable, width=80):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_end_of_a_training_tells_the_last_epoch_from_the_best_of_test(trained):
    run = trained(accuracy=0.8)
    run = dataclasses.replace(run, records=(*run.records, EpochRecord(epoch=4, test_accuracy=0.75, epoch_seconds=9.0)))
    text = printed(make_run_tables([run], width=80))
    assert "75.00 % (last epoch)" in text
    assert "80.00 % (epoch 3, chosen by looking at the test images)" in text
    assert "4 of 3" in text
    assert "10.0 s (median)" in text


def test_held_out_images_have_a_loss_and_an_accuracy_whether_one_trains_or_evaluates(trained):
    held_out = EpochRecord(epoch=1, validation_loss=0.5, validation_accuracy=0.625)
    text = printed(make_run_tables([dataclasses.replace(trained(), records=(held_out,), epochs=1)]))
    assert re.search(r"Val. loss +0.5", text)
    assert re.search(r"Val. acc. +62.50 % \(last epoch\)", text)
    evaluated = dataclasses.replace(trained(phase="eval"), records=(dataclasses.replace(held_out, epoch=None),))
    text = printed(make_run_tables([evaluated]))
    assert re.search(r"Val. loss +0.5", text)
    assert "last epoch" not in text


def test_a_failed_run_says_why_and_has_no_figures_it_lacks(trained):
    run = dataclasses.replace(trained(), status="failed", reason="Out of memory.", warnings="One; two", records=())
    text = printed(make_run_tables([run], width=80))
    assert "failed: Out of memory." in text
    assert text.count("Warning") == 2
    assert "acc." not in text


def test_accuracy_on_random_labels_is_said_to_mean_nothing(trained):
    assert "random labels" in printed(make_run_tables([trained(dataset="synthetic")], width=80))


def test_one_run_is_closed_by_its_accuracy_and_total_time(trained):
    assert printed(make_run_tables([trained()]), 100).endswith(
        "\nresnet20 on digits after 3 epochs: 90.00 % test accuracy, 30.0 s total time (one run).\n"
    )
    speed = printed(make_run_tables([trained(phase="speed")]), 100)
    assert speed.endswith("\nresnet20 at batch 64: 143.7 images/s (one run).\n")


def test_a_target_stands_beside_the_time_to_it_whether_it_was_reached_or_not(trained):
    run = trained(target=0.85, time_to_target_seconds=20.0)
    text = printed(make_run_tables([run]), 120)
    assert "20.0 s (85.00 %)" in text
    assert text.endswith("90.00 % test accuracy, 30.0 s total time, 20.0 s to 85.00 % (one run).\n")
    missed = printed(make_run_tables([trained(target=0.95)]), 120)
    assert "not reached (95.00 %)" in missed
    assert missed.endswith("30.0 s total time, 95.00 % not reached (one run).\n")
    assert " to 85" not in printed(make_run_tables([dataclasses.replace(run, dataset="synthetic")]), 120)


def test_a_run_that_did_not_end_or_had_random_labels_has_no_accuracy_to_quote(trained):
    failed = printed(make_run_tables([trained(status="failed")]), 100)
    assert "after 3 epochs" not in failed
    lucky = printed(make_run_tables([trained(dataset="synthetic", epochs=1)]), 100)
    assert lucky.endswith("\nresnet20 on synthetic after 1 epoch: 10.0 s total time (one run).\n")


def test_several_runs_stand_side_by_side(trained):
    text = printed(make_run_tables([trained("a"), trained("b")], width=80))
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("a ", "b "))] == ["a", "b"]


def test_an_evaluation_has_every_class_and_the_confusion(trained):
    text = printed(draw_grids(make_evaluation_grids(trained(phase="eval"), CLASSES, CONFUSION), width=80))
    assert "do|g" in text
    assert "77.78" in text
    assert "none        0" in text


def test_a_confusion_of_too_many_classes_for_the_width_names_what_is_left_out(trained):
    names = [f"class{index}" for index in range(40)]
    counts = [list(range(40)) for _ in range(40)]
    text = printed(draw_grids(make_evaluation_grids(trained(phase="eval"), names, counts), width=80))
    assert "Not shown:" in text
    assert "as class39" in text


def test_an_evaluation_in_json_has_the_matrix(trained):
    content = json.loads(format_evaluation(trained(phase="eval"), CLASSES, CONFUSION, "json"))
    assert content["confusion"] == CONFUSION
    assert content["by_class"][1] == {"class": "do|g", "images": 9, "accuracy": 7 / 9}
    assert content["by_class"][2]["accuracy"] is None
    assert content["run"]["figures"]["test_accuracy"] == 0.9


def test_an_evaluation_in_csv_is_the_row_of_its_file(trained):
    run = trained(phase="eval", epochs=1)
    assert format_evaluation(run, CLASSES, CONFUSION, "csv") == csv_file.format_runs([run])


def test_runs_in_json_carry_every_column(trained):
    content = json.loads(format_runs_as([trained(), trained("b")], "json"))
    run = content["runs"][0]
    inside = {*run, *run["environment"], *run["epochs_done"][0]}
    assert set(COLUMNS) <= inside


@pytest.mark.parametrize("form", ["markdown", "latex", "csv"])
@pytest.mark.parametrize("count", [1, 2])
def test_runs_are_shown_in_every_format(trained, form, count):
    text = format_runs_as([trained(f"net{index}") for index in range(count)], form)
    assert all(f"net{index}" in text for index in range(count))
    if form == "csv":
        assert len(list(csv.reader(io.StringIO(text)))) == 1 + 3 * count


def test_a_run_without_epochs_names_none(trained):
    run = trained(epochs=1)
    run = dataclasses.replace(run, records=(dataclasses.replace(run.records[0], epoch=None),))
    assert "None" not in render_text(make_run_tables([run]))


def test_the_tables_of_several_runs_name_what_every_command_has(trained):
    shown = render_text(make_run_tables([trained(), trained("b")], width=60))
    assert "Not shown: " in shown
    assert "--columns" not in shown
