import dataclasses

import pytest

from densebench.errors import InputError, ResultsError
from densebench.results import csv_file, store


def test_a_name_that_leaves_the_directory_is_refused():
    with pytest.raises(InputError):
        store.run_path("results", "../elsewhere")


def test_a_folder_means_its_csvs_by_name(tmp_path, trained):
    for seed in (2, 0, 1):
        csv_file.write(trained(seed=seed), tmp_path / f"s{seed}.csv")
    (tmp_path / "notes.txt").write_text("no results")
    (tmp_path / ".hidden.csv").write_text("half")
    assert [run.seed for run in store.read_all([tmp_path])] == [0, 1, 2]


def test_an_empty_folder_is_told_in_one_sentence(tmp_path):
    with pytest.raises(ResultsError, match="holds no results"):
        store.read_all([tmp_path])


def test_a_run_given_twice_counts_once(tmp_path, trained):
    csv_file.write(trained(), tmp_path / "run.csv")
    csv_file.write(trained(), tmp_path / "copy.csv")
    assert store.read_all([tmp_path / "run.csv", tmp_path]) == [trained()]


def test_of_two_states_of_one_run_the_later_counts(tmp_path, trained):
    run = trained(started="2026-01-01T00:00:00+00:00")
    early = dataclasses.replace(run, status="running", records=run.records[:1])
    csv_file.write(run, tmp_path / "a.csv")
    csv_file.write(early, tmp_path / "b.csv")
    assert store.read_all([tmp_path]) == [run]


def test_of_two_states_with_as_many_epochs_the_completed_one_counts(tmp_path, trained):
    run = trained(started="2026-01-01T00:00:00+00:00")
    csv_file.write(run, tmp_path / "a.csv")
    csv_file.write(dataclasses.replace(run, status="running"), tmp_path / "b.csv")
    assert store.read_all([tmp_path]) == [run]


def test_runs_of_one_name_from_two_machines_both_count(tmp_path, trained):
    csv_file.write(trained(host="one", started="2026-01-01T00:00:00+00:00"), tmp_path / "a.csv")
    csv_file.write(trained(host="two", started="2026-01-02T00:00:00+00:00"), tmp_path / "b.csv")
    assert len(store.read_all([tmp_path])) == 2
