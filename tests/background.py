"""Long processes whose results several tests read: they run beside the other tests, which use one core of a machine.

A test file names its own in ``BACKGROUND``. They start before the first test of the session, if a test of that file was
selected, and the tests of such files come last. A process is given an empty folder as its last argument, and leaves a
file there for each result.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

POLL = 0.02  # seconds
NICENESS = 5  # the tests themselves are to have one of two cores
IN_TURN = Path(__file__).with_name("in_turn.py")


class Background:
    """A Python script and its arguments."""

    def __init__(self, *command: str | Path) -> None:
        self._command = command

    @classmethod
    def in_turn(cls, script: Path, choices: Sequence[str]) -> "Background":
        """Run the script once for each choice, which is its arguments and the name of the result: what it prints."""
        return cls(IN_TURN, script, *choices)

    def start(self, folder: Path) -> None:
        """Start the process, with a folder of its own for the results."""
        self._folder = folder / "results"
        self._folder.mkdir()
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self._process = psutil.Popen(
                [sys.executable, *self._command, self._folder],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C reaches pytest alone, which calls stop
            )
        self._process.nice(NICENESS)

    def read(self, name: str) -> bytes:
        """Wait for a result; raises :class:`RuntimeError`, with what the process has printed, if it ends without it."""
        path = self._folder / name
        while not path.exists():
            if self._process.poll() is not None and not path.exists():
                raise RuntimeError(f"no result {name!r}, exit code {self._process.returncode}: {self._log.read_text()}")
            time.sleep(POLL)
        return path.read_bytes()

    def stop(self) -> None:
        """End the process and all that it has started, if they still run."""
        if self._process.poll() is None:
            started = self._process.children(recursive=True)
            for process in (self._process, *started):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait()


def leave(folder: Path, name: str, content: bytes) -> None:
    """Leave a result, whole from the moment that it can be seen; called by the process itself."""
    unfinished = folder / f".{name}"
    unfinished.write_bytes(content)
    os.replace(unfinished, folder / name)
