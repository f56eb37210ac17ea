"""The end of a run's time."""

import signal
import time
from collections.abc import Sequence
from typing import Protocol

GRACE_SECONDS = 30.0  # between asking a run to stop at its time limit and killing it


class _Process(Protocol):
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
            for process in processes:
                process.kill()
