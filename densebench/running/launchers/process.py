"""The parent's side of a run: starts its process, relays its events, passes signals on, and names its death."""

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
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from densebench.errors import ResultsError, RunFailed
from densebench.events import MAX_LINE, Ended, Event, Message, from_line
from densebench.records import Run, Status
from densebench.results import store
from densebench.running.tasks import Task, to_json

WORKER = "densebench.running.worker"
EVENTS_FD = "DENSEBENCH_EVENTS_FD"
GRACE_SECONDS = 30.0  # between asking a run to stop at its time limit and killing it
# decided by the run's own configuration before its framework loads, whatever the shell has set
_DECIDED_BY_THE_RUN = ("KERAS_BACKEND", "KERAS_HOME", "TF_DETERMINISTIC_OPS", "PYTHONSTARTUP")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run's process ended."""

    status: Status
    reason: str | None
    exit_code: int


def launch(
    task: Task, *, directory: Path, on_event: Callable[[Event], None], time_limit: float | None = None
) -> Outcome:
    """Do the task in a process of its own; returns when that process has ended, however it ended.

    What the framework prints goes to ``directory/log.txt``. ``time_limit`` is in seconds of wall time.
    """
    kills_before = _oom_kills()
    deadline = _Deadline(time_limit)
    with _started(task, directory) as (child, events), _signals_passed_to(child) as passed:
        ended = _relay(child, events, on_event, deadline)
        code = child.wait()
    if ended is not None and code == ended.exit_code and not deadline.passed:
        return Outcome(status=ended.status, reason=ended.reason, exit_code=ended.exit_code)
    return _recorded(task, _death(code, passed, _oom_kills() > kills_before, deadline, directory))


@contextmanager
def _started(task: Task, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The running child and the reading end of its events."""
    reading, writing = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name not in _DECIDED_BY_THE_RUN}
    with _log(directory) as log:
        child = subprocess.Popen(
            # -P: a keras.py that happens to lie in the user's folder is not imported instead of Keras
            [sys.executable, "-P", "-m", WORKER],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**environment, EVENTS_FD: str(writing)},
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


def _log(directory: Path) -> BinaryIO:
    try:
        return (directory / "log.txt").open("ab")
    except OSError as error:
        raise ResultsError(
            f"{directory / 'log.txt'} cannot be written ({error.strerror}): make {directory} writable, "
            "or choose another --runs-dir."
        ) from None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """If this side fails first, the run enters its end in its row, as after any SIGTERM."""
    try:
        if child.poll() is None:
            child.terminate()
            child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _send(child: subprocess.Popen[bytes], text: str) -> None:
    assert child.stdin is not None
    try:
        with child.stdin as pipe:
            pipe.write(text.encode())
    except BrokenPipeError:
        pass  # it died at once; its exit code says of what


@contextmanager
def _signals_passed_to(child: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """While it lasts, SIGINT and SIGTERM go to the child; a second one kills it. Yields those that were passed."""
    passed: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        passed.append(number)
        if child.poll() is None:
            child.send_signal(number if len(passed) == 1 else signal.SIGKILL)

    is_main = threading.current_thread() is threading.main_thread()  # no other thread can set a handler
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield passed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Deadline:
    """The end of a run's time: asks it to stop, and kills it if it has not stopped within a grace."""

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
        elif over >= GRACE_SECONDS and child.poll() is None:
            child.kill()


def _relay(
    child: subprocess.Popen[bytes], events: int, on_event: Callable[[Event], None], deadline: _Deadline
) -> Ended | None:
    """Hand every event on until the child closes its end; returns the last one if it is :class:`Ended`."""
    ended = None
    pending = b""
    while True:
        ready, _, _ = select.select([events], [], [], 0.5)
        deadline.enforce(child)
        chunk = os.read(events, 1 << 16) if ready else None
        if chunk == b"" or (chunk is None and child.poll() is not None):
            return ended
        *lines, pending = (pending + (chunk or b"")).split(b"\n")
        for event in map(_event, lines):
            ended = event if isinstance(event, Ended) else ended
            on_event(event)
        pending = pending if len(pending) <= MAX_LINE else b""


def _event(line: bytes) -> Event:
    """The event of a line; a line that is none becomes a message, since the run itself goes on."""
    try:
        return from_line(line)
    except RunFailed as error:
        return Message(text=str(error))


def _death(code: int, passed: list[int], memory_ran_out: bool, deadline: _Deadline, directory: Path) -> Outcome:
    """Put a name to a death that the child could not report itself."""
    log = f"see {directory / 'log.txt'}"
    if deadline.passed:
        reason = f"The time limit of {deadline.seconds:g} s was reached: raise --time-limit, or go on with --resume."
        return Outcome(status="interrupted", reason=reason, exit_code=RunFailed.exit_code)
    if passed:
        name = signal.Signals(passed[0]).name
        return Outcome(status="interrupted", reason=f"Stopped at once by {name}.", exit_code=128 + passed[0])
    if code == -signal.SIGKILL:
        cause = (
            "by the kernel, because memory ran out: take a smaller --batch-size"
            if memory_ran_out
            else "by SIGKILL from outside, most often because memory ran out: take a smaller --batch-size if so"
        )
        return Outcome(status="failed", reason=f"The run was killed {cause}.", exit_code=RunFailed.exit_code)
    if code < 0:
        name = signal.Signals(-code).name
        return Outcome(status="failed", reason=f"The run died of {name}; {log}.", exit_code=RunFailed.exit_code)
    return Outcome(
        status="failed", reason=f"The run's process ended with code {code}; {log}.", exit_code=RunFailed.exit_code
    )


def _oom_kills() -> int:
    """How often the kernel has killed for memory in this control group; 0 where that is not told."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


def _recorded(task: Task, outcome: Outcome) -> Outcome:
    """Write a death into the run's row, since the child is gone; where that fails, say both."""
    path = store.run_path(task.config.results_dir, task.config.run)
    try:
        runs = store.read(path) if path.exists() else [Run(run=task.config.run, variant=task.config.variant)]
        store.write(dataclasses.replace(runs[0], status=outcome.status, reason=outcome.reason), path)
    except ResultsError as error:
        return dataclasses.replace(outcome, reason=f"{outcome.reason} {error}")
    return outcome
