"""The parent's side alone: the child is a few lines of Python that die in every way a run can die."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from densebench.config import RunConfig
from densebench.errors import ResultsError
from densebench.events import Ended, Message
from densebench.records import EpochRecord, Run
from densebench.results import csv_file
from densebench.running.launchers import child, process
from densebench.running.tasks import TrainTask

SEND = """
import os, signal, sys, time
from densebench.running.channel import Channel
from densebench.events import Ended, EpochEnded, Message
from densebench.records import EpochRecord
task = sys.stdin.read()
channel = Channel(int(os.environ["DENSEBENCH_EVENTS_FD"]))
print("what a framework prints")
"""


@pytest.fixture
def launch(in_tmp, monkeypatch):
    """Launch a child that runs the given lines; returns the outcome and the events."""
    (in_tmp / "runs" / "a").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(in_tmp))
    monkeypatch.setattr(child, "_WORKER", "fake_worker")

    def start(lines, *, on_event=lambda event: None, time_limit=None):
        (in_tmp / "fake_worker.py").write_text(SEND + lines)
        events = []
        outcome = process.launch(
            TrainTask(config=RunConfig(variant="100x12", run="a")),
            directory=in_tmp / "runs" / "a",
            on_event=lambda event: (events.append(event), on_event(event)),
            time_limit=time_limit,
        )
        return outcome, events

    return start


def row():
    return csv_file.read("results/a.csv")[0]


def test_a_childs_events_arrive_in_order_and_its_prints_go_to_the_log(launch, in_tmp):
    ended = 'channel.send(Ended(status="completed", reason=None, exit_code=0))'
    outcome, events = launch('channel.send(Message(text="hello"))\n' + ended)
    assert (outcome.status, outcome.exit_code) == ("completed", 0)
    assert events == [Message(text="hello"), Ended(status="completed", reason=None, exit_code=0)]
    assert "what a framework prints" in (in_tmp / "runs/a/log.txt").read_text()


def test_a_failure_that_the_child_reports_keeps_its_words(launch):
    outcome, _ = launch('channel.send(Ended(status="failed", reason="the loss", exit_code=1)); sys.exit(1)')
    assert (outcome.status, outcome.reason, outcome.exit_code) == ("failed", "the loss", 1)


def test_a_child_that_only_exits_is_a_failed_row_that_names_the_log(launch):
    outcome, _ = launch("sys.exit(7)")
    assert outcome.exit_code == 1
    assert (row().status, row().variant) == ("failed", "100x12")
    assert "code 7" in row().reason
    assert "log.txt" in row().reason


def test_a_child_that_is_killed_is_a_failed_row_and_keeps_its_epochs(launch):
    csv_file.write(Run(run="a", variant="100x12", records=(EpochRecord(epoch=1, test_accuracy=0.5),)), "results/a.csv")
    outcome, _ = launch("os.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.exit_code == 1
    assert row().status == "failed"
    assert "SIGKILL" in row().reason
    assert row().records[0].test_accuracy == 0.5


def test_a_kill_for_lack_of_memory_is_not_taken_for_any_other(launch, monkeypatch):
    """The kernel's counter of such kills in this control group has moved."""
    counter = iter([3, 4])
    monkeypatch.setattr(process, "count_oom_kills", lambda: next(counter))
    outcome, _ = launch("os.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.reason == "The run was killed by the kernel, because memory ran out: take a smaller --batch-size."
    assert row().reason == outcome.reason


def test_a_child_that_crashes_is_named_by_its_signal(launch):
    outcome, _ = launch("os.kill(os.getpid(), signal.SIGSEGV)")
    assert "SIGSEGV" in outcome.reason


def test_an_end_that_the_exit_code_belies_is_a_failure(launch):
    ended = 'channel.send(Ended(status="completed", reason=None, exit_code=0))\n'
    outcome, events = launch(ended + "os.kill(os.getpid(), signal.SIGSEGV)")
    assert outcome.status == "failed"
    assert events == [outcome]


def test_the_last_event_is_the_end_even_of_a_child_that_sends_nothing(launch):
    outcome, events = launch("sys.exit(7)")
    assert events == [outcome]


def test_a_run_can_be_launched_in_a_thread_that_can_catch_no_signal(launch):
    lines = 'channel.send(Ended(status="completed", reason=None, exit_code=0))'
    with ThreadPoolExecutor(max_workers=1) as pool:
        outcome, _ = pool.submit(launch, lines).result()
    assert outcome.status == "completed"


def test_a_line_that_is_not_an_event_is_reported_and_the_run_continues(launch):
    ended = 'channel.send(Ended(status="completed", reason=None, exit_code=0))'
    outcome, events = launch('os.write(channel.descriptor, b"garbage\\n")\n' + ended)
    assert outcome.status == "completed"
    assert "not an event" in events[0].text


def test_a_run_over_its_time_limit_is_interrupted_and_says_how_to_go_on(launch):
    outcome, _ = launch("signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); time.sleep(60)", time_limit=0.2)
    assert outcome.status == "interrupted"
    assert row().reason == "The time limit of 0.2 s was reached: raise --time-limit, or continue with --resume."


def test_a_run_whose_time_was_over_before_its_first_step_cannot_be_resumed(launch, in_tmp):
    (in_tmp / "runs" / "a" / "starting").touch()
    outcome, _ = launch("signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); time.sleep(60)", time_limit=0.2)
    assert outcome.reason == "The time limit of 0.2 s was reached before the first step: raise --time-limit."


def test_a_run_that_completes_though_its_time_is_over_is_completed(launch):
    outcome, _ = launch(
        """
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
asked = []
while not asked:
    time.sleep(0.05)
channel.send(Ended(status="completed", reason=None, exit_code=0))
""",
        time_limit=0.2,
    )
    assert (outcome.status, outcome.exit_code) == ("completed", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_the_child_ends_in_its_own_way(launch, number):
    lines = f"""
def stop(received, frame):
    channel.send(Ended(status="interrupted", reason="asked", exit_code=128 + received))
    sys.exit(128 + received)
signal.signal({int(number)}, stop)
channel.send(Message(text="ready"))
time.sleep(60)
"""
    outcome, _ = launch(lines, on_event=lambda event: isinstance(event, Message) and os.kill(os.getpid(), number))
    assert (outcome.status, outcome.exit_code) == ("interrupted", 128 + number)


def test_a_second_signal_stops_a_child_that_does_not_listen(launch):
    lines = 'signal.signal(signal.SIGINT, signal.SIG_IGN); channel.send(Message(text="ready")); time.sleep(60)'

    def twice(event):
        if isinstance(event, Message):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    outcome, _ = launch(lines, on_event=twice)
    assert outcome.exit_code == 130
    assert row().status == "interrupted"


def test_a_parent_that_fails_lets_its_child_enter_its_end(launch, in_tmp):
    lines = """
def stop(received, frame):
    open("entered", "w").close()
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
channel.send(Message(text="ready"))
time.sleep(60)
"""

    def fail(event):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        launch(lines, on_event=fail)
    assert (in_tmp / "entered").exists()


def test_a_death_is_named_even_if_the_row_cannot_take_it(launch, in_tmp):
    (in_tmp / "results").write_text("")
    outcome, _ = launch("os.kill(os.getpid(), signal.SIGSEGV)")
    assert "SIGSEGV" in outcome.reason
    assert "results/a.csv cannot be written" in outcome.reason


def test_a_log_that_cannot_be_written_is_reported(launch, in_tmp):
    (in_tmp / "runs" / "a" / "log.txt").mkdir()
    with pytest.raises(ResultsError, match=r"log\.txt cannot be written"):
        launch("sys.exit(0)")


def test_the_parents_own_handlers_come_back(launch):
    before = signal.getsignal(signal.SIGTERM)
    launch("sys.exit(0)")
    assert signal.getsignal(signal.SIGTERM) == before
    assert threading.active_count() == 1
