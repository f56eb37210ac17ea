"""A job of SLURM in a process of its own; ``scontrol`` is a small program in the test's folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from densebench.events import Ended, EpochEnded, Placed, Requeued, Started, from_line
from densebench.results import csv_file
from densebench.running.launchers.protocol import queued_to_json
from densebench.running.launchers.slurm.job import OUTCOME

PROGRAM = """
import signal, sys
from densebench.running.launchers.slurm.job import SlurmJob
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as submitit does
SlurmJob(queued=sys.argv[1], folder=".", events="events", stop="stop", hides_cards=True)()
"""
ENDS_JOB = '[ "$1" = requeue ] && kill $PPID; exit 0'


@pytest.fixture
def start(stub, queue, monkeypatch):
    """Start the job of run ``a`` with 8 epochs, whose owner is always the same."""
    Path("seconds").write_text("0.2")
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "7")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    (queued,) = queue(1, epochs=8, owner="sweep/a")
    return lambda: subprocess.Popen([sys.executable, "-c", PROGRAM, queued_to_json(queued)])


def events():
    lines = Path("events").read_bytes().splitlines() if Path("events").exists() else []
    return [from_line(line) for line in lines if not line.startswith(OUTCOME)]


def signal_after(epochs, job, number):
    deadline = time.monotonic() + 60
    while sum(isinstance(event, EpochEnded) for event in events()) < epochs:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    job.send_signal(number)
    return job.wait(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_a_preempted_job_is_queued_again_by_itself_and_goes_on(start, command, number):
    command("scontrol", ENDS_JOB)
    assert signal_after(2, start(), number) in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert Path("scontrol.log").read_text().splitlines() == ["show job -o 7_3", "requeue 7_3"]
    assert isinstance(events()[-1], Requeued)
    done = len(csv_file.read("results/a.csv")[0].records)
    assert start().wait(60) == 0
    (started,) = [event for event in events() if isinstance(event, Started) and event.first_epoch > 1]
    assert started.first_epoch == done + 1
    (run,) = csv_file.read("results/a.csv")
    assert run.restarts == 1
    assert (run.status, [record.epoch for record in run.records]) == ("completed", list(range(1, 9)))
    assert sum(isinstance(event, Ended) for event in events()) == 1
    assert sum(isinstance(event, Placed) for event in events()) == 2


@pytest.mark.parametrize(
    ("script", "stops"),
    [("echo JobId=7 JobState=CANCELLED", False), ("exit 1", False), (ENDS_JOB, True)],
    ids=["cancelled", "refused", "stopped by the command"],
)
def test_a_job_that_is_to_end_ends_as_an_interrupted_run(start, command, script, stops):
    command("scontrol", script)
    if stops:
        Path("stop").touch()
    assert signal_after(1, start(), signal.SIGTERM) == 0
    ended = events()[-1]
    assert (ended.status, ended.exit_code) == ("interrupted", 143)
    assert csv_file.read("results/a.csv")[0].reason == "Stopped by SIGTERM."


def test_a_job_that_is_done_and_started_once_more_makes_nothing_twice(start, stub, command):
    assert start().wait(60) == 0
    assert start().wait(60) == 0
    assert len([line for line in stub() if line[0] == "start"]) == 1
    assert [event.status for event in events() if isinstance(event, Ended)] == ["completed", "completed"]
    assert os.listdir("results") == ["a.csv"]
