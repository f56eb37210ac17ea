"""Starts the process of one run, relays its events, passes signals on to it, and says how it ended."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from densebench.errors import RunFailed
from densebench.events import MAX_LINE, Ended, Event, Message, from_line
from densebench.running.launchers.child import start_child
from densebench.running.launchers.deadline import Deadline
from densebench.running.launchers.death import count_oom_kills, explain_death, record_death
from densebench.running.tasks import Task


def launch(task: Task, *, directory: Path, on_event: Callable[[Event], None], time_limit: float | None = None) -> Ended:
    """Do the task in its own process; returns how it ended, which is the last event too.

    What the framework prints goes to ``directory/log.txt``. ``time_limit`` is in seconds of wall time.
    """
    kills_before = count_oom_kills()
    deadline = Deadline(time_limit)
    with start_child(task, directory) as (child, events), _pass_signals_to(child) as passed:
        ended = _relay(child, events, on_event, deadline)
        code = child.wait()
    if ended is None or code != ended.exit_code or deadline.passed:
        ended = explain_death(code, passed, count_oom_kills() > kills_before, deadline, directory)
        ended = record_death(task, ended)
    on_event(ended)
    return ended


@contextmanager
def _pass_signals_to(child: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """In the ``with`` block SIGINT and SIGTERM go to the child; a second one kills it. Yields those that came.

    In a thread that is not the main one Python can catch no signal, and none is passed.
    """
    passed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield passed
        return

    def handle(number: int, frame: FrameType | None) -> None:
        passed.append(number)
        if child.poll() is None:
            child.send_signal(number if len(passed) == 1 else signal.SIGKILL)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield passed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _relay(
    child: subprocess.Popen[bytes], events: int, on_event: Callable[[Event], None], deadline: Deadline
) -> Ended | None:
    """Relay the events until the child closes its end; returns what it says of its end, which is not relayed."""
    ended = None
    pending = b""
    while True:
        ready, _, _ = select.select([events], [], [], 0.5)
        deadline.enforce(child)
        chunk = os.read(events, 1 << 16) if ready else None
        if chunk == b"" or (chunk is None and child.poll() is not None):
            return ended
        *lines, pending = (pending + (chunk or b"")).split(b"\n")
        for event in map(_parse_event, lines):
            if isinstance(event, Ended):
                ended = event  # only the exit code shows whether it is true
            else:
                on_event(event)
        pending = pending if len(pending) <= MAX_LINE else b""


def _parse_event(line: bytes) -> Event:
    """The event of a line; any other line becomes a message, since the run itself continues."""
    try:
        return from_line(line)
    except RunFailed as error:
        return Message(text=str(error))
