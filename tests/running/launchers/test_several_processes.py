"""Several processes of one run, as their parent sees them: a few lines of Python each that end in every way."""

import os
import signal
from pathlib import Path

import pytest

from densebench.config import RunConfig
from densebench.errors import LOST_CONTACT
from densebench.events import Ended, Message
from densebench.results import csv_file
from densebench.running.launchers import child, hangs, lost_parts, process
from densebench.running.launchers.follow import follow
from densebench.running.tasks import TrainTask
from densebench.training.parallel.hosts import Host

SEND = """
import json, os, signal, sys, time
from densebench.running.channel import Channel
from densebench.events import Ended, Message, Started
rank = json.loads(sys.stdin.read())["layout"]["rank"]
channel = Channel(int(os.environ["DENSEBENCH_EVENTS_FD"]))
def end(status, reason=None, code=0):
    channel.send(Ended(status=status, reason=reason, exit_code=code))
    sys.exit(code)
def stop(received, frame):
    end("interrupted", "asked", 128 + received)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("process", rank, flush=True)
"""
LOST = f'end("failed", "{LOST_CONTACT} (Connection reset)", 1)'
TWO_HOSTS = Host(index=1, count=2, addresses=("127.0.0.1:1", "127.0.0.1:2"))


@pytest.fixture
def launch(in_tmp, monkeypatch):
    """Launch the given lines as a run of two devices, each with a process; returns the outcome and the events."""
    (in_tmp / "runs" / "a").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(in_tmp))
    monkeypatch.setattr(child, "_WORKER", "fake_worker")
    monkeypatch.setattr(hangs, "LEAVING_SECONDS", 2.0)  # on a busy machine, processes start apart
    monkeypatch.setattr(hangs, "STOPPED_SECONDS", 0.2)

    def start(lines, *, on_event=lambda event: None, time_limit=None):
        (in_tmp / "fake_worker.py").write_text(SEND + lines)
        events = []
        outcome = process.launch(
            TrainTask(config=RunConfig(variant="100x12", run="a", backend="torch", devices=2)),
            directory=in_tmp / "runs" / "a",
            on_event=lambda event: (events.append(event), on_event(event)),
            time_limit=time_limit,
        )
        return outcome, events

    return start


def row():
    return csv_file.read("results/a.csv")[0]


def test_each_device_has_a_process_and_a_log_and_the_first_says_what_happens(launch):
    outcome, events = launch('channel.send(Message(text=f"from {rank}"))\nend("completed")')
    assert outcome.status == "completed"
    assert [event.text for event in events if isinstance(event, Message)] == ["from 0"]
    assert Path("runs/a/log.txt").read_text() == "process 0\n"
    assert Path("runs/a/log.rank1.txt").read_text() == "process 1\n"


def test_one_that_is_killed_is_named_and_not_the_one_that_has_noticed(launch):
    outcome, _ = launch(f"if rank == 1: os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(0.3)\n{LOST}")
    assert outcome.exit_code == 1
    assert "Process 1 of 2, on host 0" in outcome.reason
    assert "SIGKILL" in outcome.reason
    assert (row().status, row().reason) == ("failed", outcome.reason)


def test_the_owner_that_is_killed_is_named_by_its_parent(launch):
    outcome, _ = launch(f"if rank == 0: os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(0.3)\n{LOST}")
    assert "Process 0 of 2" in outcome.reason
    assert row().status == "failed"


def test_what_one_says_of_its_failure_is_the_runs_reason(launch):
    outcome, _ = launch(f'if rank == 1: end("failed", "no memory", 1)\n{LOST}')
    assert outcome.reason.endswith(": no memory")
    assert "Process 1 of 2" in row().reason


def test_processes_that_wait_for_a_lost_one_are_ended(launch):
    outcome, _ = launch(
        "if rank == 1: os.kill(os.getpid(), signal.SIGSEGV)\nsignal.pthread_sigmask(0, [15])\ntime.sleep(60)"
    )
    assert "Process 1 of 2" in outcome.reason
    assert "SIGSEGV" in outcome.reason


def test_one_that_is_stopped_is_ended_and_named(launch):
    outcome, _ = launch("if rank == 1: os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(60)")
    assert "Process 1 of 2, on host 0" in outcome.reason
    assert "was stopped (SIGSTOP)" in outcome.reason
    assert (row().status, row().reason) == ("failed", outcome.reason)


def test_one_that_hangs_is_named_and_not_the_one_that_has_waited_for_it(launch):
    outcome, _ = launch(f"if rank == 0: {LOST}\ntime.sleep(60)")
    assert "Process 1 of 2" in outcome.reason
    assert "did not answer the others" in outcome.reason
    assert "SIGKILL" not in outcome.reason


def test_one_that_waits_is_not_blamed_for_the_failure_of_another(launch):
    outcome, _ = launch('if rank == 0: end("failed", "no memory", 1)\ntime.sleep(60)')
    assert outcome.reason == "no memory"


def test_a_signal_reaches_all_of_them(launch):
    meet = """
open(f"ready{rank}", "w").close()
while not os.path.exists("ready1"): time.sleep(0.01)
channel.send(Message(text="ready"))
time.sleep(60)
"""
    outcome, _ = launch(
        meet,
        on_event=lambda event: isinstance(event, Message) and os.kill(os.getpid(), signal.SIGINT),
    )
    assert (outcome.status, outcome.reason, outcome.exit_code) == ("interrupted", "asked", 130)


def test_a_time_limit_stops_all_of_them(launch):
    outcome, _ = launch("time.sleep(60)", time_limit=0.3)
    assert outcome.status == "interrupted"
    assert "time limit" in row().reason


@pytest.fixture
def follow_run(launch, monkeypatch, in_tmp):
    """Do the given lines as the second host of a run."""

    def start(lines):
        (in_tmp / "fake_worker.py").write_text(SEND + lines)
        events = []
        config = RunConfig(variant="100x12", run="a", backend="jax", hosts=2)
        return follow(TrainTask(config=config, host=TWO_HOSTS), events.append), events

    return start


def test_another_hosts_part_leaves_nothing_and_says_where_the_results_are(follow_run):
    ended, events = follow_run('end("completed")')
    assert ended == Ended(status="completed", reason=None, exit_code=0)
    assert "host 1 of 2" in events[-1].text
    assert not Path("results").exists()
    assert list(Path("runs/a").iterdir()) == []


def test_another_hosts_part_that_fails_keeps_its_log_and_says_why_in_a_shared_folder(follow_run):
    ended, _ = follow_run("os.kill(os.getpid(), signal.SIGKILL)")
    assert "Process 1 of 2, on host 1" in ended.reason
    assert Path("runs/failed-host1.log").read_text() == "process 1\n"
    assert lost_parts.take_reason(Path("runs/a"), hosts=2) == ended.reason
    assert list(Path("runs/a").iterdir()) == []


def test_another_hosts_part_names_its_log_where_that_is_kept(follow_run):
    ended, events = follow_run("sys.exit(7)")
    assert ended.reason.endswith("ended with code 7; see runs/failed-host1.log.")
    assert [event.reason for event in events if isinstance(event, Ended)] == [ended.reason]


def test_a_part_that_is_stopped_alone_on_its_host_does_not_keep_its_command_waiting(follow_run):
    ended, _ = follow_run("os.kill(os.getpid(), signal.SIGSTOP)")
    assert "Process 1 of 2, on host 1" in ended.reason
    assert "was stopped (SIGSTOP)" in lost_parts.take_reason(Path("runs/a"), hosts=2)


def test_a_part_that_was_only_waiting_says_nothing_for_the_first_host(follow_run, monkeypatch):
    monkeypatch.setattr(lost_parts, "_WAIT_SECONDS", 0.0)
    follow_run(LOST)
    assert lost_parts.take_reason(Path("runs/a"), hosts=2) is None


def test_an_owner_that_gives_up_on_the_others_has_it_written_into_its_row(launch, monkeypatch):
    monkeypatch.setattr(lost_parts, "_WAIT_SECONDS", 0.0)
    launch(LOST)
    assert row().status == "failed"
    assert LOST_CONTACT in row().reason


def test_what_was_said_of_an_earlier_start_is_forgotten(in_tmp):
    directory = Path("runs/a")
    directory.mkdir(parents=True)
    lost_parts.leave_reason("runs", "a", 1, "Process 1 was killed")
    lost_parts.forget_reasons(directory, hosts=2)
    assert list(directory.iterdir()) == []
