import dataclasses
import errno
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.errors import InputError, ResultsError
from densebench.records import COLUMNS, Environment, EpochRecord, Run
from densebench.results import store
from densebench.results.reading import read

words = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)
numbers = {
    "percent": st.none() | st.floats(0, 1) | st.just(math.nan),
    "other": st.none() | st.floats(),
}


def values(column):
    if column.name in ("status", "phase"):
        return st.just({"status": "completed", "phase": "train"}[column.name])
    if column.type is str:
        return words.filter(bool) if column.name in ("run", "variant") else words
    if column.type is int:
        return st.just(1) if column.name == "schema" else st.none() | st.integers(0, 10**15)
    if column.type is bool:
        return st.none() | st.booleans()
    return numbers.get(column.about.show, numbers["other"])


def level(name):
    return {column.name: values(column) for column in COLUMNS.values() if column.level == name}


environments = st.builds(Environment, **level("environment"))
epochs = st.lists(st.builds(EpochRecord, **level("epoch")), max_size=4).map(
    lambda records: tuple(dataclasses.replace(record, epoch=index) for index, record in enumerate(records, 1))
)
runs = st.builds(Run, **level("run"), environment=environments, records=epochs)


@given(runs)
def test_a_run_is_read_back_to_the_last_bit(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("results") / "run.csv"
    store.write(run, path)
    assert repr(read(path)) == repr([run])


def test_a_run_without_an_epoch_is_one_row_without_epoch_values(tmp_path, trained):
    run = dataclasses.replace(trained(), status="running", records=())
    store.write(run, tmp_path / "run.csv")
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 2
    assert read(tmp_path / "run.csv") == [run]


def test_the_header_is_the_table_of_columns(tmp_path, trained):
    store.write(trained(), tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_a_non_finite_loss_is_a_fact_and_stays(tmp_path, trained):
    run = dataclasses.replace(trained(), records=(EpochRecord(epoch=1, train_loss=math.nan, test_loss=math.inf),))
    store.write(run, tmp_path / "run.csv")
    assert ",nan," in (tmp_path / "run.csv").read_text()
    assert ",inf," in (tmp_path / "run.csv").read_text()
    assert repr(read(tmp_path / "run.csv")) == repr([run])


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'quoted", "\nx"])
def test_a_text_that_begins_a_formula_is_written_harmlessly_and_read_back(tmp_path, trained, text):
    store.write(dataclasses.replace(trained(), reason=text), tmp_path / "run.csv")
    assert f"'{text}" in (tmp_path / "run.csv").read_bytes().decode()
    assert read(tmp_path / "run.csv")[0].reason == text


def test_a_nul_or_an_endless_text_does_not_make_the_file_unreadable(tmp_path, trained):
    store.write(dataclasses.replace(trained(), reason="a\0b", command="x" * 500_000), tmp_path / "run.csv")
    run = read(tmp_path / "run.csv")[0]
    assert run.reason == "a\N{REPLACEMENT CHARACTER}b"
    assert run.command.endswith("…")


def test_a_name_that_leaves_the_directory_is_refused():
    with pytest.raises(InputError):
        store.run_path("results", "../elsewhere")


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
    store.write(trained(), path)
    with monkeypatch.context() as patch:
        patch.setattr(os, name, failing)
        with pytest.raises(ResultsError, match="cannot be written"):
            store.write(trained(epochs=9), path)
    assert read(path) == [trained()]
    assert os.listdir(tmp_path) == ["run.csv"]


def test_short_writes_are_continued(tmp_path, monkeypatch, trained):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, bytes(content)[:100]))
    store.write(trained(), tmp_path / "run.csv")
    assert read(tmp_path / "run.csv") == [trained()]


def test_what_a_killed_writer_left_is_removed(tmp_path, trained):
    (tmp_path / ".run.csv.123.tmp").write_text("half a r")
    (tmp_path / ".other.csv.123.tmp").write_text("of another run")
    store.write(trained(), tmp_path / "run.csv")
    assert sorted(os.listdir(tmp_path)) == [".other.csv.123.tmp", "run.csv"]


def test_a_directory_that_cannot_be_synchronised_is_no_failure(tmp_path, monkeypatch, trained):
    fsync = os.fsync

    def on_files_alone(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "not for directories")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", on_files_alone)
    store.write(trained(), tmp_path / "run.csv")
    assert read(tmp_path / "run.csv") == [trained()]


def test_a_missing_results_directory_is_made(tmp_path, trained):
    store.write(trained(), tmp_path / "a" / "b" / "run.csv")
    assert read(tmp_path / "a" / "b" / "run.csv") == [trained()]


def test_a_results_directory_that_is_a_file_is_told_in_one_sentence(tmp_path, trained):
    (tmp_path / "results").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        store.write(trained(), tmp_path / "results" / "run.csv")


def test_a_folder_means_its_csvs_by_name(tmp_path, trained):
    for seed in (2, 0, 1):
        store.write(trained(seed=seed), tmp_path / f"s{seed}.csv")
    (tmp_path / "notes.txt").write_text("no results")
    (tmp_path / ".hidden.csv").write_text("half")
    assert [run.seed for run in store.read_all([tmp_path])] == [0, 1, 2]


def test_an_empty_folder_is_told_in_one_sentence(tmp_path):
    with pytest.raises(ResultsError, match="holds no results"):
        store.read_all([tmp_path])


def test_a_run_given_twice_counts_once(tmp_path, trained):
    store.write(trained(), tmp_path / "run.csv")
    store.write(trained(), tmp_path / "copy.csv")
    assert store.read_all([tmp_path / "run.csv", tmp_path]) == [trained()]


def test_of_two_states_of_one_run_the_later_counts(tmp_path, trained):
    run = trained(started="2026-01-01T00:00:00+00:00")
    early = dataclasses.replace(run, status="running", records=run.records[:1])
    store.write(run, tmp_path / "a.csv")
    store.write(early, tmp_path / "b.csv")
    assert store.read_all([tmp_path]) == [run]


def test_runs_of_one_name_from_two_machines_both_count(tmp_path, trained):
    store.write(trained(host="one", started="2026-01-01T00:00:00+00:00"), tmp_path / "a.csv")
    store.write(trained(host="two", started="2026-01-02T00:00:00+00:00"), tmp_path / "b.csv")
    assert len(store.read_all([tmp_path])) == 2
