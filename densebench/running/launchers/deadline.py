"""The end of a run's time."""

import signal
import subprocess
import time

GRACE_SECONDS = 30.0  # between asking a run to stop at its time limit and killing it


class Deadline:
    """The end of a run's time: asks it to stop, and kills it if it is still there ``GRACE_SECONDS`` later."""

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
