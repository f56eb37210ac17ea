"""Energy of an epoch: the difference of the card's counter, or sampled power integrated where there is no counter."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.measuring.gpu.nvml import Gauge
from densebench.measuring.stopwatch import Clock

_Power = tuple[float, float]  # seconds, watts
LEAST_SECONDS = 10.0  # for a figure within 2 %: the counter is renewed every 10 to 100 ms, which counts at both ends


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Joules of one epoch, and how they were taken or why they are unknown."""

    joules: float | None
    source: str


class EnergyMeter:
    """Reads the counter at the edges of an epoch; where it has none, adds up what :meth:`sample` saw in between."""

    def __init__(self, counter: Gauge[float], power: Gauge[float], clock: Clock) -> None:
        self._counter, self._power, self._clock = counter, power, clock
        self._at_start = counter.read()
        # An old card has no counter; one that dies later leaves the figure empty rather than taken in two ways.
        self._counts = counter.worked
        self._samples: list[_Power] = []
        self._began = clock()

    def begin(self) -> None:
        """The epoch begins."""
        self._samples, self._began = [], self._clock()
        self._at_start = self._counter.read() if self._counts else None
        self.sample()

    def sample(self) -> None:
        """Note the power now, if it is needed."""
        if self._counts:
            return
        watts = self._power.read()
        if watts is not None:
            self._samples.append((self._clock(), watts))

    def end(self) -> Energy:
        """The epoch ends."""
        if self._counts:
            spent = self._clock() - self._began
            return _subtract_readings(self._at_start, self._counter.read(), self._counter.failure, spent)
        self.sample()
        if self._power.failure is not None:
            return Energy(joules=None, source=f"no counter and no power: {self._power.failure}")
        return Energy(joules=_integrate(self._samples), source="sampled power: the card has no energy counter")


def _subtract_readings(start: float | None, end: float | None, failure: str | None, spent: float) -> Energy:
    """The difference of two readings of the counter, in joules, ``spent`` seconds apart."""
    if start is None or end is None:
        return Energy(joules=None, source=f"the energy counter stopped: {failure}")
    if end < start:
        return Energy(joules=None, source="the energy counter was reset within the epoch")
    if end == start:
        return Energy(joules=None, source="the energy counter did not advance: the epoch is too short for it")
    short = "" if spent >= LEAST_SECONDS else f", over less than {LEAST_SECONDS:g} s"
    return Energy(joules=end - start, source=f"counter{short}")


def _integrate(samples: Sequence[_Power]) -> float | None:
    """Joules under the samples, by trapezoids; ``None`` of fewer than two."""
    if len(samples) < 2:
        return None
    pairs = itertools.pairwise(sorted(samples))
    return sum((end - start) * (before + after) / 2 for (start, before), (end, after) in pairs)
