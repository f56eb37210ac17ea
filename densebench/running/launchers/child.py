"""The processes of a run on this host: started, each given its task, and ended."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from densebench.errors import ResultsError
from densebench.events import Ended
from densebench.running.directory import LOG_FILE
from densebench.running.launchers.deadline import GRACE_SECONDS
from densebench.running.tasks import Task, to_json
from densebench.training.parallel.layout import Layout, list_layouts

_WORKER = "densebench.running.worker"
_EVENTS_FD = "DENSEBENCH_EVENTS_FD"
# decided by the run's own configuration before its framework loads, and not by the shell
_DECIDED_BY_THE_RUN = ("KERAS_BACKEND", "KERAS_HOME", "TF_DETERMINISTIC_OPS", "PYTHONSTARTUP")


class Child:
    """One process, with the reading end of its events and what it said of its end."""

    def __init__(self, layout: Layout, process: subprocess.Popen[bytes], events: int, log: Path) -> None:
        self.layout, self.process, self.events, self.log = layout, process, events, log
        self.ended: Ended | None = None  # only the exit code shows whether it is true
        self.pending = b""  # the beginning of a line of its events
        self.killed_for: str | None = None  # a sentence, where this side had to end it
        self.was_killed_last = False  # because it did not end after others had failed

    @property
    def has_failed(self) -> bool:
        """Whether it is over, and has not done what it was asked to."""
        return self.process.poll() not in (None, 0)

    def kill(self, reason: str, *, is_last: bool = False) -> None:
        """End it, if it still runs, because it holds up the others."""
        if self.process.poll() is None:
            self.process.kill()
            self.killed_for, self.was_killed_last = reason, is_last


@contextmanager
def start_children(task: Task, directory: Path) -> Iterator[list[Child]]:
    """The running processes of a run on this host, the first of which may own it; all are over after the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="densebench-"))
        store = str(Path(folder) / "store") if task.config.hosts == 1 else None
        layouts = list_layouts(task.config, task.host, store=store)
        yield [stack.enter_context(_start_child(task, layout, directory)) for layout in layouts]


@contextmanager
def _start_child(task: Task, layout: Layout, directory: Path) -> Iterator[Child]:
    reading, writing = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name not in _DECIDED_BY_THE_RUN}
    path = directory / (LOG_FILE if layout.is_owner else f"log.rank{layout.rank}.txt")
    with _open_log(path) as log:
        process = subprocess.Popen(
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
        _send(process, to_json(task, layout))
        yield Child(layout, process, reading, path)
    finally:
        os.close(reading)
        _stop(process)


def _open_log(path: Path) -> BinaryIO:
    try:
        return path.open("ab")
    except OSError as error:
        raise ResultsError(
            f"{path} cannot be written ({error.strerror}): make {path.parent} writable, or choose another --runs-dir."
        ) from None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a child that still runs because this side has failed; it writes its end into its row, as on any SIGTERM."""
    try:
        if process.poll() is None:
            process.terminate()
            process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _send(process: subprocess.Popen[bytes], text: str) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            pipe.write(text.encode())
    except BrokenPipeError:
        pass  # it died at once; its exit code says why
