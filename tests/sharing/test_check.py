import dataclasses
from pathlib import Path

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.errors import ResultsError
from densebench.reporting.export import format_comparison
from densebench.results import csv_file
from densebench.sharing.check import check_files, is_table

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def stored(true_run, in_tmp):
    """A true training as the file that densebench writes."""
    csv_file.write(true_run(), "true.csv")
    return Path("true.csv")


def replace(file, old, new):
    """Edits a file as a person would, and gives another one."""
    text = file.read_text()
    assert old in text
    edited = Path("edited.csv")
    edited.write_text(text.replace(old, new))
    return edited


def test_a_true_file_has_no_findings(stored):
    checked = check_files([stored])
    assert (checked.files, checked.refused, checked.findings) == ((stored,), (), ())


def test_a_training_is_shared_once_whatever_it_is_called(stored, true_run):
    run = true_run()
    csv_file.write(dataclasses.replace(run, run="mine", started="2026-01-01T00:00:00+00:00"), "copy.csv")
    assert check_files([stored, Path("copy.csv")]).findings == (
        f"copy.csv: its losses are those of {run.run} to the last digit, and a training is shared once.",
    )


def test_every_finding_begins_with_its_file_and_ends_as_a_sentence(stored):
    edited = replace(stored, ",resnet20,", ",resnet110,")
    checked = check_files([stored, edited])
    assert checked.refused == (edited,)
    assert checked.findings == (
        "edited.csv: params is 271098 where resnet110 has 1736058.",
        "edited.csv: forward_macs is 40551040 where resnet110 has 252887680.",
        "edited.csv: it is in true.csv too.",
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("test_accuracy", "test_acuracy", "edited.csv: it has unknown columns: test_acuracy."),
        ("0.9861111111111112", "1.9861111111111112", "test_accuracy is '1.9861111111111112' where a fraction"),
        (",2,", ",-2,", "where a whole number belongs"),
        (",completed,", ",done,", "status is 'done' where running or completed"),
        (",train,", ",measured,", "phase is 'measured' where train or eval"),
    ],
)
def test_a_file_whose_schema_is_broken_is_refused_with_its_line(stored, old, new, says):
    assert any(says in finding for finding in check_files([replace(stored, old, new)]).findings)


def test_published_figures_are_refused_as_what_they_are_and_as_trainings(in_tmp):
    published = RESULTS / "published.csv"
    (finding,) = check_files([published]).findings
    assert (
        "published-01-100x12, published-02-100x12, published-03-100x12 and 17 more: its phase is published" in finding
    )
    findings = check_files([replace(published, ",published,", ",train,")]).findings
    unknown = [finding for finding in findings if "unknown: started, command, " in finding]
    assert any("published-01-100x12" in finding for finding in unknown)
    assert any("published-20-wrn28x10" in finding for finding in unknown)


def test_a_row_that_was_deleted_makes_a_training_incomplete(stored):
    lines = stored.read_text().splitlines(keepends=True)
    Path("edited.csv").write_text("".join(lines[:-1]))
    (first, *_) = check_files(["edited.csv"]).findings
    assert "its status is interrupted (the results file lacks the row of epoch 8)" in first


def test_a_table_of_plan_is_no_measurement(in_tmp):
    Path("plan.csv").write_text("variant,predicted_total_seconds,expected_accuracy\nresnet20,5.0,0.9\n")
    assert check_files(["plan.csv"]).findings == (
        "plan.csv: it is a table of plan, and a prediction is no measurement.",
    )


def test_a_table_of_compare_is_known_by_its_columns_and_checked_row_by_row(stored, true_run):
    table = Path("table.csv")
    table.write_text(format_comparison(compare([true_run(), true_run("eval")], CompareOptions()), "csv"))
    assert [is_table(file) for file in (stored, table)] == [False, True]
    assert check_files([table]).findings == ()
    edited = replace(table, "densebench eval", "densebench train")
    (finding,) = check_files([edited]).findings
    assert finding.startswith("edited.csv, line 3: its phase is eval, but its command is no 'densebench eval'")


def test_a_folder_means_its_files_and_one_without_any_is_an_error(stored):
    assert check_files(["."]).files == (stored,)
    Path("empty").mkdir()
    with pytest.raises(ResultsError, match="empty holds no results"):
        check_files(["empty"])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[1, 2]", b'"', b"a;b\n1;2\n"])
def test_a_file_that_is_something_else_is_one_finding(in_tmp, content):
    Path("other.csv").write_bytes(content)
    (finding,) = check_files(["other.csv"]).findings
    assert finding.startswith("other.csv")


def test_a_file_that_is_not_there_is_a_finding(in_tmp):
    (finding,) = check_files(["none.csv"]).findings
    assert "none.csv cannot be read" in finding


def test_trials_and_failed_runs_of_this_repository_are_refused_and_its_trainings_are_not():
    checked = check_files([RESULTS / "prediction" / "runs", RESULTS / "digits", RESULTS / "speed"])
    for file in checked.files:
        (run,) = csv_file.read(file)
        assert (file in checked.refused) == (run.phase == "trial" or run.status != "completed"), file
