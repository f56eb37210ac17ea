import dataclasses
import errno
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_strategies import runs

from densebench.errors import ResultsError
from densebench.records import COLUMNS, SCHEMA, EpochRecord, Run
from densebench.results import csv_file
from densebench.results.csv_file import read


@given(runs)
def test_a_run_is_read_back_to_the_last_bit(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("results") / "run.csv"
    csv_file.write(run, path)
    assert repr(read(path)) == repr([run])


def test_a_run_without_an_epoch_is_one_row_without_epoch_values(tmp_path, trained):
    run = dataclasses.replace(trained(), status="running", records=())
    csv_file.write(run, tmp_path / "run.csv")
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 2
    assert read(tmp_path / "run.csv") == [run]


def test_the_header_is_the_table_of_columns(tmp_path, trained):
    csv_file.write(trained(), tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_a_non_finite_loss_is_a_fact_and_stays(tmp_path, trained):
    run = dataclasses.replace(
        trained(epochs=1), records=(EpochRecord(epoch=1, train_loss=math.nan, test_loss=math.inf),)
    )
    csv_file.write(run, tmp_path / "run.csv")
    assert ",nan," in (tmp_path / "run.csv").read_text()
    assert ",inf," in (tmp_path / "run.csv").read_text()
    assert repr(read(tmp_path / "run.csv")) == repr([run])


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'quoted", "\nx"])
def test_a_text_that_begins_a_formula_is_written_harmlessly_and_read_back(tmp_path, trained, text):
    csv_file.write(dataclasses.replace(trained(), reason=text), tmp_path / "run.csv")
    assert f"'{text}" in (tmp_path / "run.csv").read_bytes().decode()
    assert read(tmp_path / "run.csv")[0].reason == text


def test_a_nul_or_an_endless_text_does_not_make_the_file_unreadable(tmp_path, trained):
    csv_file.write(dataclasses.replace(trained(), reason="a\0b", command="x" * 500_000), tmp_path / "run.csv")
    run = read(tmp_path / "run.csv")[0]
    assert run.reason == "a\N{REPLACEMENT CHARACTER}b"
    assert run.command.endswith("…")


class Full:
    """A disk on which only so many bytes have room: first a short write, then the error."""

    def __init__(self, room):
        self.room = room
        self.write = os.write

    def __call__(self, descriptor, content):
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(descriptor, bytes(content)[: self.room])
        self.room -= written
        return written


def fail(number):
    def failing(*_):
        raise OSError(number, os.strerror(number))

    return failing


@pytest.mark.parametrize(
    ("name", "failing"),
    [
        ("write", Full(1000)),
        ("write", lambda descriptor, content: 0),
        ("fsync", fail(errno.EIO)),
        ("replace", fail(errno.EROFS)),
        ("open", fail(errno.EACCES)),
    ],
)
def test_a_write_that_fails_leaves_the_old_file_and_says_so(tmp_path, monkeypatch, trained, name, failing):
    path = tmp_path / "run.csv"
    csv_file.write(trained(), path)
    with monkeypatch.context() as patch:
        patch.setattr(os, name, failing)
        with pytest.raises(ResultsError, match="cannot be written"):
            csv_file.write(trained(epochs=9), path)
    assert read(path) == [trained()]
    assert os.listdir(tmp_path) == ["run.csv"]


def test_short_writes_are_continued(tmp_path, monkeypatch, trained):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, bytes(content)[:100]))
    csv_file.write(trained(), tmp_path / "run.csv")
    assert read(tmp_path / "run.csv") == [trained()]


def test_what_a_killed_writer_left_is_removed(tmp_path, trained):
    (tmp_path / ".run.csv.123.tmp").write_text("half a r")
    (tmp_path / ".other.csv.123.tmp").write_text("of another run")
    csv_file.write(trained(), tmp_path / "run.csv")
    assert sorted(os.listdir(tmp_path)) == [".other.csv.123.tmp", "run.csv"]


def test_a_directory_that_cannot_be_synchronised_is_no_failure(tmp_path, monkeypatch, trained):
    fsync = os.fsync

    def on_files_alone(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "not for directories")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", on_files_alone)
    csv_file.write(trained(), tmp_path / "run.csv")
    assert read(tmp_path / "run.csv") == [trained()]


def test_a_missing_results_directory_is_made(tmp_path, trained):
    csv_file.write(trained(), tmp_path / "a" / "b" / "run.csv")
    assert read(tmp_path / "a" / "b" / "run.csv") == [trained()]


def test_a_results_directory_that_is_a_file_is_told_in_one_sentence(tmp_path, trained):
    (tmp_path / "results").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        csv_file.write(trained(), tmp_path / "results" / "run.csv")


@pytest.fixture
def file(tmp_path):
    """Writes a file and gives its path."""

    def write(content):
        path = tmp_path / "results.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def changed(run, column, cell, row=-1):
    """A results file in which one cell was changed by hand."""
    lines = [line.split(",") for line in csv_file.format_runs([run]).splitlines()]
    lines[row][list(COLUMNS).index(column)] = cell
    return "".join(",".join(line) + "\n" for line in lines)


def test_several_runs_in_one_file_are_several_runs(file, trained):
    runs = [trained(seed=0), trained("100x12", seed=1)]
    assert read(file(csv_file.format_runs(runs))) == runs


def test_files_simply_concatenated_are_read_with_their_headers(file, trained):
    runs = [trained(seed=0), trained(seed=1)]
    assert read(file("".join(csv_file.format_runs([run]) for run in runs))) == runs


def test_rows_in_another_order_give_the_same_run(file, trained):
    header, *rows = csv_file.format_runs([trained(seed=0), trained(seed=1)]).splitlines()
    shuffled = [rows[index] for index in (5, 0, 3, 2, 4, 1)]
    runs = read(file("\n".join([header, *shuffled]) + "\n"))
    assert sorted(runs, key=lambda run: run.run) == [trained(seed=0), trained(seed=1)]


def test_a_row_that_stands_twice_counts_once(file, trained):
    text = csv_file.format_runs([trained()])
    assert read(file(text + text)) == [trained()]


def test_missing_columns_are_unknown(file):
    run = read(file("run,status,phase,variant,epoch\na,completed,train,resnet20,1\n"))[0]
    assert run.params is None
    assert run.environment.device is None
    assert run.records[0].test_accuracy is None


def test_columns_that_a_user_added_are_left_alone(file):
    text = "run,status,phase,variant,my note\na,completed,train,resnet20,=good()\n"
    assert read(file(text)) == [Run(run="a", status="completed", phase="train", variant="resnet20")]


def test_a_byte_order_mark_and_other_line_ends_change_nothing(file, trained):
    text = csv_file.format_runs([trained()])
    assert read(file(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())) == [trained()]


def test_a_count_that_a_spreadsheet_gave_a_fraction_is_the_same_count(file, trained):
    assert read(file(changed(trained(epochs=1), "params", "271098.0"))) == [trained(epochs=1)]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("epoch_seconds", "-3.5"),
        ("epoch_seconds", "0"),
        ("epoch_seconds", "0.0"),
        ("elapsed_seconds", "-1.0"),
        ("total_seconds", "-1.0"),
        ("step_ms_p50", "0.0"),
        ("latency_ms_p50", "-2.0"),
        ("images_per_second", "0"),
        ("energy_joules", "-5.0"),
        ("gpu_peak_bytes", "-1"),
        ("test_accuracy", "1.0000001"),
        ("params", "many"),
        ("params", "12.5"),
        ("params", "-3"),
        ("params", "1_000"),
        ("params", "9" * 40),
        ("params", "١٢"),
        ("epoch_seconds", "fast"),
        ("epoch_seconds", "1_0.5"),
        ("epoch_seconds", " 10.0"),
        ("epoch_seconds", "١٢"),
        ("test_accuracy", "93.5"),
        ("test_accuracy", "-0.1"),
        ("test_accuracy", "inf"),
        ("jit", "perhaps"),
        ("status", "done"),
        ("phase", "rehearsal"),
        ("variant", ""),
        ("run", ""),
    ],
)
def test_a_cell_that_does_not_fit_its_column_is_named_with_its_line(file, trained, column, cell):
    path = file(changed(trained(epochs=1), column, cell))
    with pytest.raises(ResultsError, match=rf"results.csv, line 2: {column} is ") as caught:
        read(path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("column", "cell"), [("gpu_peak_bytes", "3.22E+09"), ("forward_macs", "4E+7")])
def test_a_count_that_a_spreadsheet_has_shortened_is_named_as_such(file, trained, column, cell):
    path = file(changed(trained(epochs=1), column, cell))
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}, line 2: {column} is {cell!r}, which a spreadsheet has shortened, where a whole number belongs: "
        "the file is damaged, so restore it or remove it."
    )


@pytest.mark.parametrize(
    ("column", "cell"), [("data_wait_seconds", "0.0"), ("cpu_seconds", "0"), ("test_loss", "-0.5")]
)
def test_what_may_be_zero_and_a_loss_are_left_as_they_are(file, trained, column, cell):
    assert getattr(read(file(changed(trained(epochs=1), column, cell)))[0].records[0], column) == float(cell)


def test_a_time_that_goes_back_is_refused_with_the_line_of_its_epoch(file, trained):
    path = file(changed(trained(epochs=4), "elapsed_seconds", "5.0", row=3))
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}, line 4: elapsed_seconds is 5.0, which is less than in an earlier epoch: "
        "the file is damaged, so restore it or remove it."
    )


def test_the_order_of_the_rows_does_not_matter_to_elapsed_time(file, trained):
    header, *rows = csv_file.format_runs([trained()]).splitlines()
    assert read(file("\n".join([header, *reversed(rows)]) + "\n")) == [trained()]


def without_epochs(run, *lost):
    """The file of a run that has lost the rows of some epochs."""
    return csv_file.format_runs(
        [dataclasses.replace(run, records=tuple(record for record in run.records if record.epoch not in lost))]
    )


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ((5, 6, 7, 8), "the results file lacks the rows of epochs 5 to 8"),
        ((8,), "the results file lacks the row of epoch 8"),
        ((3,), "the results file lacks the row of epoch 3"),
        ((1, 3, 8), "the results file lacks the rows of epochs 1, 3, 8"),
        ((2, 4, 6, 8), "the results file lacks the rows of epochs 2, 4, 6, more"),
        (range(1, 9), "the results file lacks the rows of epochs 1 to 8"),
    ],
)
def test_a_completed_run_that_has_lost_rows_is_read_as_interrupted_with_the_reason(file, trained, lost, reason):
    run = read(file(without_epochs(trained(epochs=8), *lost)))[0]
    assert (run.status, run.reason) == ("interrupted", reason)
    assert [record.epoch for record in run.records] == [epoch for epoch in range(1, 9) if epoch not in lost]
    assert read(file(csv_file.format_runs([run]))) == [run]


def test_an_unfinished_run_may_end_anywhere_but_lacks_no_row_before(file, trained):
    run = dataclasses.replace(trained(epochs=8), status="failed", reason="NaN")
    assert read(file(without_epochs(run, 7, 8)))[0].reason == "NaN"
    found = read(file(without_epochs(run, 3, 7, 8)))[0]
    assert (found.status, found.reason) == ("failed", "NaN; the results file lacks the row of epoch 3")


def test_a_run_that_stopped_at_its_target_lacks_nothing(file, trained):
    run = trained(epochs=8, accuracy=0.9, target=0.75)  # reached in epoch 5
    assert read(file(without_epochs(run, 6, 7, 8)))[0].status == "completed"
    assert read(file(without_epochs(run, 7, 8)))[0].status == "interrupted"
    assert read(file(without_epochs(run, 5, 6, 7, 8)))[0].status == "interrupted"


@pytest.mark.parametrize("phase", ["eval", "speed", "published"])
def test_only_a_training_has_a_row_for_each_epoch(file, trained, phase):
    run = dataclasses.replace(trained(epochs=8), phase=phase, records=(EpochRecord(test_accuracy=0.9),))
    assert read(file(csv_file.format_runs([run]))) == [run]


def test_a_training_whose_single_row_has_no_number_is_left_alone(file, trained):
    run = dataclasses.replace(trained(epochs=8), records=(EpochRecord(test_accuracy=0.9),))
    assert read(file(csv_file.format_runs([run]))) == [run]


def test_the_line_of_the_first_wrong_cell_is_named(file, trained):
    path = file(changed(trained(epochs=5), "test_loss", "low", row=3))
    with pytest.raises(ResultsError, match="line 4: test_loss is 'low'"):
        read(path)


def test_rows_of_one_run_that_disagree_on_it_are_refused(file, trained):
    with pytest.raises(ResultsError, match="line 4: batch_size differs"):
        read(file(changed(trained(), "batch_size", "32")))


def test_two_different_rows_of_one_epoch_are_refused(file, trained):
    with pytest.raises(ResultsError, match="epoch 1 of run 'resnet20-s0' has two different rows"):
        read(file(changed(trained(), "epoch", "1")))


def test_two_different_runs_of_one_name_in_one_file_are_refused(file, trained):
    other = dataclasses.replace(trained(seed=1), run="resnet20-s0")
    with pytest.raises(ResultsError, match="differs from the run's earlier rows"):
        read(file(csv_file.format_runs([trained(), other])))
    with pytest.raises(ResultsError, match="two different runs"):
        read(file(csv_file.format_runs([trained()]) + csv_file.format_runs([other])))


@pytest.mark.parametrize("row", [2, 3])
def test_a_torn_row_is_refused(file, trained, row):
    lines = csv_file.format_runs([trained()]).splitlines(keepends=True)
    torn = "".join(lines[:row]) + lines[row][:-40]
    with pytest.raises(ResultsError, match=f"line {row + 1}: "):
        read(file(torn))


def test_a_whole_file_without_its_last_end_of_line_is_read(file, trained):
    run = trained(host="4f1c")
    assert read(file(csv_file.format_runs([run])[:-1])) == [run]


def test_a_last_row_cut_off_in_what_describes_the_run_differs_from_those_above(file, trained):
    with pytest.raises(ResultsError, match="line 4: host differs"):
        read(file(csv_file.format_runs([trained(host="4f1c")])[:-2]))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no run"),
        (b"\n\n", "holds no run"),
        (",".join(COLUMNS).encode() + b"\n", "holds no run"),
        (b"name,age\nAda,36\n", "lacks the column run and status and phase and variant"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 20, "is not UTF-8 text"),
        (b"run,status,phase,variant\n\xff\xfe\n", "is not UTF-8 text"),
        (b"run,status,phase,variant\na\0,completed,train,x\n", "line 2: it holds a NUL byte"),
        (b'run,status,phase,variant\n"a,completed,train,x\n', "line 2: "),
        (b'run,status,phase,variant\n"a"b,completed,train,x\n', "line 2: "),
        (b"run,status,phase,variant,run\na,completed,train,x,b\n", "names a column twice"),
        (b"run,status,phase,variant\na,completed,train\n", "line 2: it has 3 cells under 4 columns"),
        (b"run,status,phase,variant\na,completed,train," + b"x" * 200_000 + b"\n", "field larger than field limit"),
    ],
)
def test_a_file_that_is_no_results_file_is_told_in_one_sentence(file, content, says):
    with pytest.raises(ResultsError, match=says) as caught:
        read(file(content))
    assert "results.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_schema_asks_for_a_newer_densebench(file, trained):
    with pytest.raises(ResultsError, match=r"newer than .* upgrade densebench"):
        read(file(changed(trained(epochs=1), "schema", str(SCHEMA + 1))))


def test_what_is_no_file_is_told_in_one_sentence(tmp_path):
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(ResultsError):
            read(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ResultsError, match="is not a file"):
        read(tmp_path / "pipe.csv")


VALID = csv_file.format_runs(
    [Run(run="a", status="completed", variant="resnet20", params=5), Run(run="b", status="failed", variant="x,y")]
).encode()


@given(st.binary(max_size=300))
def test_random_bytes_end_in_a_sentence(tmp_path_factory, content):
    check_reading(tmp_path_factory, content)


@given(st.lists(st.sampled_from([*COLUMNS, "1", "nan", "train", "", '"', "'", "\r", "\x00", "é"]), max_size=40))
def test_random_tables_end_in_a_sentence(tmp_path_factory, cells):
    check_reading(
        tmp_path_factory, "\n".join(",".join(cells[index : index + 5]) for index in range(0, len(cells), 5)).encode()
    )


@given(st.data())
def test_a_damaged_file_ends_in_a_sentence_or_in_a_valid_run(tmp_path_factory, data):
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 20))
        content[start : start + length] = data.draw(st.binary(max_size=8))
    check_reading(tmp_path_factory, bytes(content))


def check_reading(tmp_path_factory, content):
    """Reading any bytes gives either one sentence, or runs that are equal after writing and reading them again."""
    path = tmp_path_factory.mktemp("fuzz") / "fuzz.csv"
    path.write_bytes(content)
    try:
        runs = read(path)
    except ResultsError:
        return
    path.write_bytes(csv_file.format_runs(runs).encode())
    assert repr(read(path)) == repr(runs)
