"""The end of a run's time, and of the time that its processes have once one of them is lost."""

import signal
import time
from collections.abc import Sequence
from typing import Protocol

GRACE_SECONDS = 30.0  # between asking a run to stop at its time limit and killing it
PARTING_SECONDS = 15.0  # that the others have once a process is lost: most end by themselves within seconds


class _Process(Protocol):
    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


class Deadline:
    """Asks a run to stop when its time is over, and kills it if it is still there ``GRACE_SECONDS`` later."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.passed = False
        self._started = time.monotonic()

    def enforce(self, processes: Sequence[_Process]) -> None:
        """Do what it is time for."""
        if self.seconds is None:
            return
        over = time.monotonic() - self._started - self.seconds
        if over >= 0 and not self.passed:
            self.passed = True
            for process in processes:
                process.send_signal(signal.SIGTERM)
        elif over >= GRACE_SECONDS:
            _kill(processes)


class Parting:
    """Kills the processes that still wait for one that is lost."""

    def __init__(self) -> None:
        self._began: float | None = None

    def enforce(self, processes: Sequence[_Process], *, one_is_lost: bool) -> None:
        """Do what it is time for."""
        if self._began is None and one_is_lost:
            self._began = time.monotonic()
        if self._began is not None and time.monotonic() - self._began >= PARTING_SECONDS:
            _kill(processes)


def _kill(processes: Sequence[_Process]) -> None:
    for process in processes:
        if process.poll() is None:
            process.kill()
