"""Starts the process of one run, relays its events, passes signals on to it, and says how it ended."""

import dataclasses
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from densebench.errors import ResultsError, RunFailed
from densebench.events import MAX_LINE, Ended, Event, Message, from_line
from densebench.records import Run
from densebench.results import csv_file, store
from densebench.running.directory import LOG_FILE
from densebench.running.tasks import Task, to_json

_WORKER = "densebench.running.worker"
_EVENTS_FD = "DENSEBENCH_EVENTS_FD"
_GRACE_SECONDS = 30.0  # between asking a run to stop at its time limit and killing it
# decided by the run's own configuration before its framework loads, and not by the shell
_DECIDED_BY_THE_RUN = ("KERAS_BACKEND", "KERAS_HOME", "TF_DETERMINISTIC_OPS", "PYTHONSTARTUP")


def launch(task: Task, *, directory: Path, on_event: Callable[[Event], None], time_limit: float | None = None) -> Ended:
    """Do the task in its own process; returns how it ended, which is the last event too.

    What the framework prints goes to ``directory/log.txt``. ``time_limit`` is in seconds of wall time.
    """
    kills_before = _count_oom_kills()
    deadline = _Deadline(time_limit)
    with _start_child(task, directory) as (child, events), _pass_signals_to(child) as passed:
        ended = _relay(child, events, on_event, deadline)
        code = child.wait()
    if ended is None or code != ended.exit_code or deadline.passed:
        ended = _explain_death(code, passed, _count_oom_kills() > kills_before, deadline, directory)
        ended = _record_death(task, ended)
    on_event(ended)
    return ended


@contextmanager
def _start_child(task: Task, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The running child and the reading end of its events."""
    reading, writing = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name not in _DECIDED_BY_THE_RUN}
    with _open_log(directory) as log:
        child = subprocess.Popen(
            # -P: a keras.py that happens to lie in the user's folder is not imported instead of Keras
            [sys.executable, "-P", "-m", _WORKER],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**environment, _EVENTS_FD: str(writing)},
            pass_fds=(writing,),
            process_group=0,  # Ctrl-C reaches the parent alone, which passes it on
        )
    os.close(writing)
    try:
        _send(child, to_json(task))
        yield child, reading
    finally:
        os.close(reading)
        _stop(child)


def _open_log(directory: Path) -> BinaryIO:
    try:
        return (directory / LOG_FILE).open("ab")
    except OSError as error:
        raise ResultsError(
            f"{directory / LOG_FILE} cannot be written ({error.strerror}): make {directory} writable, "
            "or choose another --runs-dir."
        ) from None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs because this side has failed; it writes its end into its row, as on any SIGTERM."""
    try:
        if child.poll() is None:
            child.terminate()
            child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _send(child: subprocess.Popen[bytes], text: str) -> None:
    assert child.stdin is not None
    try:
        with child.stdin as pipe:
            pipe.write(text.encode())
    except BrokenPipeError:
        pass  # it died at once; its exit code says why


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


class _Deadline:
    """The end of a run's time: asks it to stop, and kills it if it is still there ``_GRACE_SECONDS`` later."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.passed = False
        self._started = time.monotonic()

    def enforce(self, child: subprocess.Popen[bytes]) -> None:
        if self.seconds is None:
            return
        over = time.monotonic() - self._started - self.seconds
        if over >= 0 and not self.passed:
            self.passed = True
            child.send_signal(signal.SIGTERM)
        elif over >= _GRACE_SECONDS and child.poll() is None:
            child.kill()


def _relay(
    child: subprocess.Popen[bytes], events: int, on_event: Callable[[Event], None], deadline: _Deadline
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


def _explain_death(code: int, passed: list[int], memory_ran_out: bool, deadline: _Deadline, directory: Path) -> Ended:
    """Say how the child ended when it could not say so itself."""
    log = f"see {directory / LOG_FILE}"
    if deadline.passed:
        reason = f"The time limit of {deadline.seconds:g} s was reached: raise --time-limit, or continue with --resume."
        return Ended(status="interrupted", reason=reason, exit_code=RunFailed.exit_code)
    if not passed and code in (128 + signal.SIGINT, 128 + signal.SIGTERM):  # while it prepared it was asked itself
        passed = [code - 128]
    if passed:
        name = signal.Signals(passed[0]).name
        return Ended(status="interrupted", reason=f"Stopped at once by {name}.", exit_code=128 + passed[0])
    if code == -signal.SIGKILL:
        cause = (
            "by the kernel, because memory ran out: take a smaller --batch-size"
            if memory_ran_out
            else "by SIGKILL from outside, most often because memory ran out: take a smaller --batch-size if so"
        )
        return Ended(status="failed", reason=f"The run was killed {cause}.", exit_code=RunFailed.exit_code)
    if code < 0:
        name = signal.Signals(-code).name
        return Ended(status="failed", reason=f"The run died of {name}; {log}.", exit_code=RunFailed.exit_code)
    return Ended(
        status="failed", reason=f"The run's process ended with code {code}; {log}.", exit_code=RunFailed.exit_code
    )


def _count_oom_kills() -> int:
    """How often the kernel has killed for memory in this control group; 0 where it does not say."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


def _record_death(task: Task, ended: Ended) -> Ended:
    """Write into the run's row how the child ended; where that fails, the reason says so too."""
    path = store.run_path(task.config.results_dir, task.config.run)
    try:
        runs = csv_file.read(path) if path.exists() else [Run(run=task.config.run, variant=task.config.variant)]
        csv_file.write(dataclasses.replace(runs[0], status=ended.status, reason=ended.reason), path)
    except ResultsError as error:
        return dataclasses.replace(ended, reason=f"{ended.reason} {error} Its row is as it was before.")
    return ended
