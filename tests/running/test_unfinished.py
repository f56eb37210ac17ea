import dataclasses

import pytest

from densebench.config import RunConfig
from densebench.results import csv_file
from densebench.running.directory import claim, mark_begun, run_directory
from densebench.running.directory_lock import lock_directory
from densebench.running.run_file import RunFile
from densebench.running.unfinished import mark_interrupted


@pytest.fixture
def running(in_tmp):
    """The row of run ``a``, which says that it is running."""
    with claim(RunConfig(variant="resnet20", run="a"), numbered=False) as config:
        mark_begun(run_directory("runs", "a"))
        RunFile.open(config, "train")
    return csv_file.read("results/a.csv")[0]


def statuses(run, path="results"):
    return [marked.status for marked in mark_interrupted([run], [path])]


def test_a_running_run_that_nobody_has_locked_was_interrupted(running):
    (marked,) = mark_interrupted([running], ["results"])
    assert (marked.status, marked.reason) == ("interrupted", "It ended without saying so: no process has it locked.")


def test_a_run_that_a_process_has_locked_is_running(running):
    with lock_directory(run_directory("runs", "a")):
        assert statuses(running) == ["running"]


def test_its_directory_is_found_beside_the_results_from_anywhere(running, in_tmp, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert statuses(running, in_tmp / "results" / "a.csv") == ["interrupted"]


def test_a_run_whose_directory_is_not_there_or_is_another_runs_says_what_it_says(running, in_tmp):
    assert statuses(dataclasses.replace(running, fingerprint="other")) == ["running"]
    (in_tmp / "runs").rename(in_tmp / "moved")
    assert statuses(running) == ["running"]


def test_ended_runs_stay_as_they_are(running):
    assert statuses(dataclasses.replace(running, status="completed")) == ["completed"]
