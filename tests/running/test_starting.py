import os

import pytest

from densebench.config import RunConfig
from densebench.events import Ended, Message
from densebench.running import starting
from densebench.running.book import Book
from densebench.running.directory import mark_begun, run_directory
from densebench.running.tasks import TrainTask

CONFIG = RunConfig(variant="resnet20", run="a")


@pytest.fixture
def start(in_tmp, monkeypatch):
    """Starts run ``a``, whose process writes its row and its log; returns its name, its exit code and the events."""

    def call(code, *, begins):
        def launch(task, *, directory, on_event, time_limit):
            Book.open(task.config, "train")
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
