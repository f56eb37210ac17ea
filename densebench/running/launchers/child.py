"""The process of a run: started, given its task, and ended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from densebench.errors import ResultsError
from densebench.running.directory import LOG_FILE
from densebench.running.launchers.deadline import GRACE_SECONDS
from densebench.running.tasks import Task, to_json

_WORKER = "densebench.running.worker"
_EVENTS_FD = "DENSEBENCH_EVENTS_FD"
# decided by the run's own configuration before its framework loads, and not by the shell
_DECIDED_BY_THE_RUN = ("KERAS_BACKEND", "KERAS_HOME", "TF_DETERMINISTIC_OPS", "PYTHONSTARTUP")


@contextmanager
def start_child(task: Task, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
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
        pass  # it died at once; its exit code says why
