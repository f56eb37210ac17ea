"""Ends a process of a run whose processes come no further, where its framework would wait for ever."""

import threading
import time
from collections.abc import Callable

LIMIT_SECONDS = 45.0  # longer than the frameworks' own limits, so that these say first what they know
COMPILING_SECONDS = 300.0  # instead, while the first evaluation may still be compiled: minutes for deep networks
_TIMES_LONGEST = 2.0  # of what a step, an evaluation or a checkpoint has taken before: added to the limit
_LOOK_SECONDS = 1.0
_MOST_SECONDS = 2.0  # that count between two looks: the process may have been stopped in between


class StepLimit:
    """Calls ``give_up`` with the seconds, from a thread of its own, once no step has been noted for too long.

    The first :meth:`note` starts it, when the step is compiled; :meth:`settle` says that all else is.
    """

    def __init__(self, give_up: Callable[[float], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._give_up, self._clock = give_up, clock
        self._waited = self._longest = 0.0
        self._looked = clock()
        self._limit = COMPILING_SECONDS
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self) -> None:
        """A step has ended."""
        self._longest = max(self._longest, self._waited)
        self._waited = 0.0
        if self._thread is None:
            self._looked = self._clock()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def settle(self) -> None:
        """Nothing will be compiled any more."""
        self._limit = LIMIT_SECONDS

    def end(self) -> None:
        """No further step will be made."""
        self._over.set()

    def look(self) -> None:
        """Give up if it is time."""
        now = self._clock()
        self._waited += min(now - self._looked, _MOST_SECONDS)
        self._looked = now
        if self._waited > self._limit + _TIMES_LONGEST * self._longest:
            self._give_up(self._waited)

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.look()
