"""Starts the processes of one run on this host, relays events, passes signals on, and says how the run ended."""

import dataclasses
import os
import select
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from densebench.errors import LOST_CONTACT
from densebench.events import MAX_LINE, Ended, Event, from_line
from densebench.running.launchers.child import Child, start_children
from densebench.running.launchers.deadline import Deadline
from densebench.running.launchers.death import count_oom_kills, explain_death, find_cause, name_rank, record_death
from densebench.running.launchers.hangs import HangWatch
from densebench.running.launchers.lost_parts import forget_reasons, take_reason
from densebench.running.launchers.stop_signals import take_signals
from densebench.running.tasks import Task


def launch(task: Task, *, directory: Path, on_event: Callable[[Event], None], time_limit: float | None = None) -> Ended:
    """Do the task in processes of its own; returns how it ended, which is the last event too.

    What the framework prints goes to ``directory/log.txt``, and to ``log.rank1.txt`` and so on where devices have
    processes of their own. ``time_limit`` is in seconds of wall time.
    """
    kills_before = count_oom_kills()
    deadline = Deadline(time_limit)
    if not task.host.index:
        forget_reasons(directory, task.config.hosts)
    with start_children(task, directory) as children, take_signals(partial(_pass_on, children)) as passed:
        closed = _relay(children, on_event, deadline)
        for child in children:
            child.process.wait()
    cause = find_cause(closed)
    code, ended = cause.process.returncode, cause.ended
    if ended is None or code != ended.exit_code or (deadline.passed and ended.status != "completed"):
        ended = explain_death(cause, passed, count_oom_kills() > kills_before, deadline)
        ended = record_death(task, ended)
    elif not cause.layout.is_owner and ended.status == "failed":
        ended = record_death(task, name_rank(cause, ended))
    if LOST_CONTACT in str(ended.reason) and not task.host.index:
        reason = take_reason(directory, task.config.hosts) or ended.reason
        ended = record_death(task, dataclasses.replace(ended, reason=reason))
    on_event(ended)
    return ended


def _pass_on(children: Sequence[Child], came: list[int]) -> None:
    """Send the last signal to the children; a second one kills them."""
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(came[-1] if len(came) == 1 else signal.SIGKILL)


def _relay(children: Sequence[Child], on_event: Callable[[Event], None], deadline: Deadline) -> list[Child]:
    """Relay the first child's events until all have closed their ends; returns the children in the order of that.

    What they say of their end is kept with them, and not relayed.
    """
    open_ends = {child.events: child for child in children}
    closed: list[Child] = []
    hangs = HangWatch(children)
    processes = [child.process for child in children]
    while open_ends:
        ready, _, _ = select.select([*open_ends], [], [], 0.5)
        deadline.enforce(processes)
        hangs.enforce(one_is_lost=any(child.has_failed for child in closed))
        for end, child in list(open_ends.items()):
            chunk = os.read(end, 1 << 16) if end in ready else None
            if chunk == b"" or (chunk is None and child.process.poll() is not None):
                closed.append(open_ends.pop(end))
            elif chunk:
                _read_events(child, chunk, on_event if child is children[0] else _ignore)
    return closed


def _ignore(event: Event) -> None:
    """Every process of a run does the same, and the first one says it."""


def _read_events(child: Child, chunk: bytes, on_event: Callable[[Event], None]) -> None:
    *lines, rest = (child.pending + chunk).split(b"\n")
    for event in map(from_line, lines):
        if isinstance(event, Ended):
            child.ended = event
        else:
            on_event(event)
    child.pending = rest if len(rest) <= MAX_LINE else b""
