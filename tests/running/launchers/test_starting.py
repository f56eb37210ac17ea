import dataclasses
import os

import pytest

from densebench.config import RunConfig
from densebench.errors import InputError
from densebench.events import Ended, Message
from densebench.records import Run
from densebench.results import csv_file
from densebench.running.directory import mark_begun, run_directory
from densebench.running.directory_lock import lock_directory
from densebench.running.launchers import starting
from densebench.running.launchers.protocol import QueuedRun
from densebench.running.run_file import RunFile
from densebench.running.tasks import TrainTask

CONFIG = RunConfig(variant="resnet20", run="a")


@pytest.fixture
def start(in_tmp, monkeypatch):
    """Starts run ``a``, whose process writes its row and its log; returns its name, its exit code and the events."""

    def call(code, *, begins):
        def launch(task, *, directory, on_event, time_limit):
            RunFile.open(task.config, "train")
            (directory / "log.txt").write_text("a traceback")
            if begins:
                mark_begun(directory)
            return Ended(status="failed", reason="a reason", exit_code=code)

        events = []
        monkeypatch.setattr(starting, "launch", launch)
        config, ended = starting.start_new(CONFIG, lambda named: TrainTask(config=named), events.append, numbered=False)
        return config.run, ended.exit_code, events

    return call


def test_a_failed_start_leaves_nothing_and_its_name_can_be_used_again(start):
    assert start(2, begins=False) == ("a", 2, [])
    assert (os.listdir("runs"), os.listdir("results")) == ([], [])
    assert start(2, begins=False)[0] == "a"


def test_a_start_that_failed_inside_keeps_its_log(start):
    _, _, events = start(1, begins=False)
    assert os.listdir("runs") == ["failed-start.log"]
    assert events == [Message(text="Nothing is kept of a, which did not begin, but its log, as runs/failed-start.log.")]


def test_a_run_that_fails_after_its_start_is_kept(start):
    start(1, begins=True)
    assert sorted(os.listdir("runs/a")) == ["config.json", "log.txt"]
    assert os.listdir("results") == ["a.csv"]


def test_a_run_that_continues_keeps_its_directory_however_it_ends(start, monkeypatch):
    start(1, begins=True)
    ended = Ended(status="failed", reason="no", exit_code=2)
    monkeypatch.setattr(starting, "launch", lambda task, **how: ended)
    assert starting.resume(TrainTask(config=CONFIG), print) == ended
    assert run_directory("runs", "a").is_dir()


def queue_own(**changes):
    config = RunConfig(variant="resnet20", run="a", **changes)
    return QueuedRun(name="a", task=TrainTask(config=config), numbered=True, owner="sweep/a")


@pytest.fixture
def tasks(in_tmp, monkeypatch):
    """The tasks that were launched; ``tasks.statuses`` are the ends to come, ``None`` for a death before the start."""

    class Tasks(list):
        def __init__(self):
            self.statuses = []

    found = Tasks()

    def launch(task, *, directory, on_event, time_limit):
        found.append(task)
        status = found.statuses.pop(0)
        if status is None:
            raise KeyboardInterrupt
        mark_begun(directory)
        csv_file.write(Run(run=task.config.run, variant="resnet20", status=status), f"results/{task.config.run}.csv")
        return Ended(status=status, reason=None, exit_code=0)

    monkeypatch.setattr(starting, "launch", launch)
    return found


def test_a_run_that_is_made_again_goes_on_under_the_name_that_it_had_got(tasks):
    csv_file.write(Run(run="a", variant="x"), "results/a.csv")
    tasks.statuses = ["running", "completed"]
    assert starting.make_run(queue_own(), print)[0].run == "a-2"
    config, ended = starting.make_run(queue_own(), print)
    assert (config.run, ended.status) == ("a-2", "completed")
    assert [(task.config.run, task.config.resume) for task in tasks] == [("a-2", False), ("a-2", True)]


def test_a_run_that_was_complete_is_not_made_again(tasks):
    tasks.statuses = ["completed"]
    starting.make_run(queue_own(), print)
    config, ended = starting.make_run(queue_own(), print)
    assert (config.run, ended.status, len(tasks)) == ("a", "completed", 1)


def test_a_run_that_was_killed_before_it_began_starts_under_the_same_name(tasks):
    tasks.statuses = [None, "completed"]
    with pytest.raises(KeyboardInterrupt):
        starting.make_run(queue_own(), print)
    assert starting.make_run(queue_own(), print)[0].run == "a"
    assert [task.config.resume for task in tasks] == [False, False]


def test_a_run_of_another_sweep_is_left_alone(tasks):
    tasks.statuses = ["running", "completed"]
    starting.make_run(queue_own(), print)
    other = dataclasses.replace(queue_own(), owner="other/a")
    assert starting.make_run(other, print)[0].run == "a-2"


def test_a_directory_that_stays_in_use_is_not_entered(tasks, monkeypatch):
    monkeypatch.setattr(starting, "_PATIENCE", 0.0)
    tasks.statuses = ["running"]
    starting.make_run(queue_own(), print)
    in_use = pytest.raises(InputError, match="'a' is still in use by a process that was taken for lost")
    with lock_directory(run_directory("runs", "a")), in_use:
        starting.make_run(queue_own(), print)


def test_the_end_of_a_lost_run_is_written_into_its_row(tasks):
    tasks.statuses = ["running"]
    starting.make_run(queue_own(), print)
    outcome = starting.end_lost(queue_own(), "a", Ended(status="failed", reason="lost", exit_code=1))
    assert outcome.ended.reason == "lost"
    assert csv_file.read("results/a.csv")[0].status == "failed"
    assert starting.end_lost(queue_own(), None, Ended(status="failed", reason="lost", exit_code=1)).config.run == "a"
