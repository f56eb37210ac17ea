"""Ends the processes that hold up a run of several: one that is stopped, and those that wait for a lost one."""

import time
from collections.abc import Callable, Sequence

from densebench.running.launchers.child import Child

STOPPED_SECONDS = 5.0  # less than any framework waits, so that the process is named before the others give up
LEAVING_SECONDS = 15.0  # that the others have once a process is lost: most end by themselves within seconds
_MOST_SECONDS = 1.0  # that count between two looks: this process may itself have been stopped


class HangWatch:
    """Watches the processes of a run on this host."""

    def __init__(self, children: Sequence[Child], clock: Callable[[], float] = time.monotonic) -> None:
        self._children, self._clock = children, clock
        self._looked = clock()
        self._stopped = [0.0] * len(children)  # seconds that each has been stopped
        self._leaving = 0.0  # seconds since one was lost

    def enforce(self, *, one_is_lost: bool) -> None:
        """Do what it is time for."""
        now = self._clock()
        passed, self._looked = min(now - self._looked, _MOST_SECONDS), now
        for index, child in enumerate(self._children):
            self._stopped[index] = self._stopped[index] + passed if _holds_up_others(child) else 0.0
            if self._stopped[index] >= STOPPED_SECONDS:
                child.kill(f"The process was stopped (SIGSTOP) for {STOPPED_SECONDS:g} s, so it was ended.")
        self._leaving += passed if one_is_lost else 0.0
        if self._leaving >= LEAVING_SECONDS:
            for child in self._children:
                child.kill("The process did not answer the others, so it was ended.", is_last=True)


def _holds_up_others(child: Child) -> bool:
    if child.layout.ranks == 1 or child.process.poll() is not None:
        return False
    import psutil  # no run of one process needs it here

    try:
        return bool(psutil.Process(child.process.pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False
