import dataclasses
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.errors import ResultsError
from densebench.records import COLUMNS, SCHEMA, Run
from densebench.results import store
from densebench.results.reading import read


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
    lines = [line.split(",") for line in store.text_of([run]).splitlines()]
    lines[row][list(COLUMNS).index(column)] = cell
    return "".join(",".join(line) + "\n" for line in lines)


def test_several_runs_in_one_file_are_several_runs(file, trained):
    runs = [trained(seed=0), trained("100x12", seed=1)]
    assert read(file(store.text_of(runs))) == runs


def test_files_simply_concatenated_are_read_with_their_headers(file, trained):
    runs = [trained(seed=0), trained(seed=1)]
    assert read(file("".join(store.text_of([run]) for run in runs))) == runs


def test_rows_in_another_order_give_the_same_run(file, trained):
    header, *rows = store.text_of([trained(seed=0), trained(seed=1)]).splitlines()
    shuffled = [rows[index] for index in (5, 0, 3, 2, 4, 1)]
    runs = read(file("\n".join([header, *shuffled]) + "\n"))
    assert sorted(runs, key=lambda run: run.run) == [trained(seed=0), trained(seed=1)]


def test_a_row_that_stands_twice_counts_once(file, trained):
    text = store.text_of([trained()])
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
    text = store.text_of([trained()])
    assert read(file(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())) == [trained()]


def test_a_count_that_a_spreadsheet_gave_a_fraction_is_the_same_count(file, trained):
    assert read(file(changed(trained(epochs=1), "params", "271098.0"))) == [trained(epochs=1)]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
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
        read(file(store.text_of([trained(), other])))
    with pytest.raises(ResultsError, match="two different runs"):
        read(file(store.text_of([trained()]) + store.text_of([other])))


@pytest.mark.parametrize("row", [2, 3])
def test_a_torn_row_is_refused(file, trained, row):
    lines = store.text_of([trained()]).splitlines(keepends=True)
    torn = "".join(lines[:row]) + lines[row][:-40]
    with pytest.raises(ResultsError, match=f"line {row + 1}: "):
        read(file(torn))


def test_a_last_line_without_its_end_is_refused_since_its_last_number_may_be_cut(file, trained):
    with pytest.raises(ResultsError, match="cut off"):
        read(file(store.text_of([trained()])[:-1]))


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


VALID = store.text_of(
    [Run(run="a", status="completed", variant="resnet20", params=5), Run(run="b", status="failed", variant="x,y")]
).encode()


@given(st.binary(max_size=300))
def test_random_bytes_end_in_a_sentence(tmp_path_factory, content):
    held(tmp_path_factory, content)


@given(st.lists(st.sampled_from([*COLUMNS, "1", "nan", "train", "", '"', "'", "\r", "\x00", "é"]), max_size=40))
def test_random_tables_end_in_a_sentence(tmp_path_factory, cells):
    held(tmp_path_factory, "\n".join(",".join(cells[index : index + 5]) for index in range(0, len(cells), 5)).encode())


@given(st.data())
def test_a_damaged_file_ends_in_a_sentence_or_in_a_valid_run(tmp_path_factory, data):
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 20))
        content[start : start + length] = data.draw(st.binary(max_size=8))
    held(tmp_path_factory, bytes(content))


def held(tmp_path_factory, content):
    """Read what may be anything: a sentence, or runs that can be written and read again."""
    path = tmp_path_factory.mktemp("fuzz") / "fuzz.csv"
    path.write_bytes(content)
    try:
        runs = read(path)
    except ResultsError:
        return
    path.write_bytes(store.text_of(runs).encode())
    assert repr(read(path)) == repr(runs)
