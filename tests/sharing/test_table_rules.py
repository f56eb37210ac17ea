import csv
import io

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.errors import ResultsError
from densebench.reporting.export import format_comparison
from densebench.sharing.required import MEASURED
from densebench.sharing.table_rules import check_row, read_table


@pytest.fixture
def write(true_run, tmp_path):
    """Writes the table of a true run of a phase, with other cells in some columns, and gives its file."""

    def write(of="train", /, *, without=(), more="", **cells):
        text = format_comparison(compare([true_run(of)], CompareOptions()), "csv")
        ((row),) = csv.DictReader(io.StringIO(text))
        assert set(cells) <= set(row)
        changed = {name: cell for name, cell in (row | cells).items() if name not in without}
        file = tmp_path / "table.csv"
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, list(changed))
            writer.writeheader()
            writer.writerow(changed)
            opened.write(more)
        return file

    return write


def find(file):
    return [text for row in read_table(file) for text in check_row(row)]


@pytest.mark.parametrize("phase", MEASURED)
def test_a_table_of_true_runs_of_every_phase_can_be_a_record(write, phase):
    assert find(write(phase)) == []


@pytest.mark.parametrize(
    "name",
    [
        "runs",
        "seeds",
        "epochs_recorded",
        "started",
        "command",
        "device",
        "cpu",
        "platform",
        "host",
        "keras",
        "backend_version",
        "densebench",
        "commit",
        "dataset_sha256",
        "test_accuracy",
        "total_seconds",
    ],
)
def test_what_a_record_must_say_is_in_the_table_and_may_not_be_empty(write, name):
    assert find(write(**{name: ""})) == [f"unknown: {name}"]


def test_a_column_that_is_missing_is_unknown_too(write):
    assert find(write(without=["commit", "host"])) == ["unknown: host, commit"]


@pytest.mark.parametrize(
    ("phase", "cells", "says"),
    [
        ("train", {"phase": "published"}, "its phase is published"),
        ("train", {"phase": "trial"}, "its phase is trial"),
        ("train", {"status": "interrupted"}, "its status is interrupted"),
        ("train", {"command": "densebench plan resnet20"}, "its command is no 'densebench train'"),
        ("train", {"started": "yesterday"}, "started is 'yesterday'"),
        ("train", {"commit": "2b857c73df17, none"}, "commit is 'none'"),
        ("train", {"device_kind": "gpu"}, "unknown: gpu_name, gpu_memory_bytes, driver"),
        ("train", {"run_count": "5"}, "run_count is 5, but its runs are resnet20-digits-s0"),
        ("train", {"test_accuracy_n": "0"}, "test_accuracy is of 0 of its 1 runs"),
        ("train", {"epochs_recorded": "3", "time_to_target_seconds": "inf"}, "a run of it has 3 of 8 epochs"),
        ("train", {"epochs_recorded": "9"}, "a run of it has 9 epochs of 8"),
        ("train", {"total_seconds": "9.0"}, "total_seconds is less than half of its epochs take at least"),
        ("train", {"dataset": "synthetic"}, "accuracy on random labels means nothing"),
        ("train", {"target": ""}, "it has a time_to_target_seconds without a target"),
        ("train", {"time_to_target_seconds": ""}, "it has a target and no time_to_target_seconds"),
        ("train", {"time_to_target_seconds": "inf"}, "it says that its run missed the target of 0.95"),
        ("train", {"time_to_target_seconds": "100.0"}, "time_to_target_seconds is 100.0, but its runs took 26.9"),
        ("train", {"target": "0.99"}, "were at best at 0.98611"),
        ("eval", {"source": ""}, "unknown: source"),
        ("speed", {"images_per_second": ""}, "unknown: images_per_second"),
    ],
)
def test_a_row_that_is_not_what_it_claims_is_found_out(write, phase, cells, says):
    assert any(says in finding for finding in find(write(phase, **cells)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"test_accuracy": "1.2"}, "line 2: test_accuracy is '1.2' where a fraction between 0 and 1 belongs"),
        ({"epoch_seconds": "-1"}, "line 2: epoch_seconds is '-1' where a number above 0 belongs"),
        ({"epochs": "many"}, "line 2: epochs is 'many' where a whole number belongs"),
        ({"run_count": "one"}, "line 2: "),
        ({"without": ["label"], "more": ""}, None),
        ({"more": "a,b\n"}, "line 3: it has 2 cells under "),
    ],
)
def test_a_cell_that_does_not_fit_its_column_is_named_with_its_line(write, changes, says):
    file = write(**changes)
    if says is None:
        assert find(file) == ["unknown: label"]
        return
    with pytest.raises(ResultsError, match=says):
        read_table(file)


def test_unknown_and_repeated_columns_are_named(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("label,run_count,speediness\n")
    with pytest.raises(ResultsError, match="unknown columns: speediness"):
        read_table(file)
    file.write_text("label,run_count,label\n")
    with pytest.raises(ResultsError, match="columns that stand twice: label"):
        read_table(file)


def test_a_file_that_is_no_text_is_one_sentence(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ResultsError, match="cannot be read as a table of compare"):
        read_table(file)
