"""Reading by pandas against reading row by row: the same runs, or no reading by pandas."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_strategies import runs

from densebench.errors import ResultsError
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results import csv_file
from densebench.results.checked_rows import read_rows
from densebench.results.csv_file import format_runs, read, read_files
from densebench.results.uniform_file import parse_epochs, split


def is_parsed_by_pandas(content: bytes) -> bool:
    file = split(content)
    return file is not None and parse_epochs(file.epoch_columns, file.epochs) is not None


@given(runs)
def test_pandas_and_the_careful_reader_find_the_same_run(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("results") / "run.csv"
    path.write_bytes(format_runs([run]).encode(errors="backslashreplace"))
    assert repr(read(path)) == repr(read_rows(path))


@given(st.data(), st.booleans())
def test_a_damaged_cell_means_the_same_to_both(tmp_path_factory, data, everywhere):
    """A cell of one row or of all is replaced: both readers return the same runs, or the same error."""
    records = (EpochRecord(epoch=1, epoch_seconds=2.5, test_accuracy=0.5), EpochRecord(epoch=2, epoch_seconds=2.25))
    header, *rows = format_runs([Run(run="a", variant="b", records=records)]).splitlines()
    column = data.draw(st.sampled_from([name for name, entry in COLUMNS.items() if entry.level == "epoch"]))
    odd = st.sampled_from(["1e3", "+5", " 7", "7 ", "07", "-3", "1_0", "0x10", "nan", "NaN", "NA", "inf", "1E5", "2.0",
        "True", "FALSE", "true", "\x0b2.5", "2.5\x0c", "\xa02", "5e", ".", "--1", "Infinity"])  # fmt: skip
    cell = data.draw(odd | st.text("0123456789.eE+-naifNITRUEtrue \t\x0b", max_size=6))
    for row in (0, 1) if everywhere else (1,):
        cells = rows[row].split(",")
        cells[list(COLUMNS).index(column)] = cell
        rows[row] = ",".join(cells)
    path = tmp_path_factory.mktemp("results") / "run.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    assert outcome(read, path) == outcome(read_rows, path)


def outcome(reader, path):
    try:
        return repr(reader(path))
    except ResultsError as error:
        return str(error)


def test_a_file_of_ours_is_parsed_by_pandas(trained):
    assert is_parsed_by_pandas(format_runs([trained()]).encode())
    assert is_parsed_by_pandas(format_runs([trained(augmentation="flip, shift 12.5 %", reason='"so"')]).encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text[:-1],
        lambda text: text.replace("0.9,", "0.9 ,"),
        lambda text: text.replace("0.9,", "nan,"),
        lambda text: text.replace("0.9,", "-0.9,"),
        lambda text: text.replace(",10.0,", ",0.0,"),
        lambda text: text.replace("completed", "running", 1),
        lambda text: text + text,
        lambda text: ",".join(reversed(list(COLUMNS))) + text[text.index("\n") :],
    ],
)
def test_any_other_file_is_read_row_by_row(trained, change):
    assert not is_parsed_by_pandas(change(format_runs([trained()])).encode())


def test_files_are_parsed_together_and_stay_apart(tmp_path, trained):
    made = [
        trained(seed=0),
        trained(seed=1, epochs=5),
        dataclasses.replace(trained(seed=2), status="running", records=()),
        trained(seed=3),
    ]
    paths = [tmp_path / f"{run.seed}.csv" for run in made]
    for path, run in zip(paths, made, strict=True):
        path.write_text(format_runs([run]))
    paths[1].write_text(paths[1].read_text().replace("0.9,", "nan,"))
    found = [run for read_runs in read_files(paths) for run in read_runs]
    assert [found[0], found[2], found[3]] == [made[0], made[2], made[3]]
    assert len(found[1].records) == 5


@pytest.mark.parametrize("word", ["True", "FALSE", "\x0b2.5", "2.5\x0c"])
def test_what_pandas_would_take_for_a_number_is_refused_in_every_row(tmp_path, word):
    records = (EpochRecord(epoch=1, epoch_seconds=2.5), EpochRecord(epoch=2, epoch_seconds=2.5))
    (tmp_path / "a.csv").write_text(format_runs([Run(run="a", variant="b", records=records)]).replace("2.5", word))
    with pytest.raises(ResultsError, match="line 2: epoch_seconds is"):
        read(tmp_path / "a.csv")


def test_a_nan_in_one_file_leaves_the_others_to_pandas(tmp_path, trained, monkeypatch):
    read_by_rows = []
    monkeypatch.setattr(csv_file, "read_rows", lambda path: read_by_rows.append(path.name) or read_rows(path))
    for seed in range(3):
        text = format_runs([trained(seed=seed)])
        (tmp_path / f"{seed}.csv").write_text(text.replace("0.9,", "nan,") if seed == 1 else text)
    assert len([run for runs in read_files(sorted(tmp_path.glob("*.csv"))) for run in runs]) == 3
    assert read_by_rows == ["1.csv"]


@given(runs, st.sets(st.integers(1, 4)), st.none() | st.floats(0, 100))
def test_both_readers_find_the_same_rows_missing_and_the_same_time_going_back(tmp_path_factory, run, lost, elapsed):
    records = tuple(record for record in run.records if record.epoch not in lost)
    if records and elapsed is not None:
        records = (*records[:-1], dataclasses.replace(records[-1], elapsed_seconds=elapsed))
    path = tmp_path_factory.mktemp("results") / "run.csv"
    content = format_runs([dataclasses.replace(run, records=records)])
    path.write_bytes(content.encode(errors="backslashreplace"))
    assert outcome(read, path) == outcome(read_rows, path)
