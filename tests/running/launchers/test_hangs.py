"""Processes that hold up the others, by a clock that is set; the launched ones are in ``test_several_processes``."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from densebench.running.launchers.child import Child
from densebench.running.launchers.hangs import LEAVING_SECONDS, STOPPED_SECONDS, HangWatch
from densebench.training.parallel.layout import Layout


@pytest.fixture
def make_child():
    """Children that sleep, stopped; all are ended afterwards."""
    processes = []

    def make(layout):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        processes.append(process)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
        return Child(layout, process, -1, Path("log.txt"))

    yield make
    for process in processes:
        process.kill()
        process.wait()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def look(hangs, clock, seconds, *, step=0.5, one_is_lost=False):
    for _ in range(round(seconds / step)):
        clock.now += step
        hangs.enforce(one_is_lost=one_is_lost)


def test_one_that_is_stopped_for_long_is_ended_and_why_is_kept(make_child):
    child, clock = make_child(Layout(hosts=2, ranks=2)), Clock()
    hangs = HangWatch([child], clock)
    look(hangs, clock, STOPPED_SECONDS - 0.5)
    assert child.killed_for is None
    look(hangs, clock, 0.5)
    assert "SIGSTOP" in child.killed_for
    assert child.process.wait() == -signal.SIGKILL


def test_one_that_goes_on_in_time_is_left_alone(make_child):
    child, clock = make_child(Layout(hosts=2, ranks=2)), Clock()
    hangs = HangWatch([child], clock)
    look(hangs, clock, STOPPED_SECONDS - 0.5)
    child.process.send_signal(signal.SIGCONT)
    os.waitid(os.P_PID, child.process.pid, os.WCONTINUED)
    look(hangs, clock, STOPPED_SECONDS)
    assert child.process.poll() is None


def test_a_time_in_which_this_side_was_stopped_too_does_not_count(make_child):
    child, clock = make_child(Layout(hosts=2, ranks=2)), Clock()
    look(HangWatch([child], clock), clock, 600.0, step=600.0)
    assert child.process.poll() is None


def test_the_only_process_of_a_run_may_be_stopped_as_long_as_its_user_likes(make_child):
    child, clock = make_child(Layout()), Clock()
    look(HangWatch([child], clock), clock, 10 * STOPPED_SECONDS)
    assert child.process.poll() is None


def test_one_that_does_not_end_after_another_is_lost_is_ended(make_child):
    child, clock = make_child(Layout(hosts=2, ranks=2)), Clock()
    child.process.send_signal(signal.SIGCONT)
    look(HangWatch([child], clock), clock, LEAVING_SECONDS, one_is_lost=True)
    assert child.was_killed_last
    assert child.process.wait() == -signal.SIGKILL
