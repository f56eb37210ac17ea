"""Time of one training epoch: the steps, and separately the first step and the wait for data.

The clock is read twice a step and nothing is computed before the epoch ends, so timing costs a few hundred nanoseconds
a step. A step is over when the device has finished it: the caller synchronises before :meth:`EpochTimer.note_step`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Clock = Callable[[], float]  # seconds since any fixed moment


@dataclass(frozen=True, kw_only=True)
class EpochTimes:
    """What one epoch took; ``None`` where it could not be known. The names are those of the columns.

    The steady state is every step on a full batch but the epoch's first: the first step compiles, and a smaller last
    batch is another shape, which compiles again and does less work.
    """

    steps: int
    first_step_seconds: float | None  # of this epoch; tracing and compiling are in it in the first one
    epoch_seconds: float | None
    cpu_seconds: float | None
    data_wait_seconds: float | None
    images_per_second: float | None
    step_ms_p5: float | None
    step_ms_p50: float | None
    step_ms_p95: float | None
    steady_seconds: tuple[float, ...]  # the raw steps behind the percentiles


class EpochTimer:
    """Times one epoch: ``start()``, then ``note_batch()`` and ``note_step(images)`` for each step, then ``stop()``."""

    def __init__(self, *, clock: Clock = time.perf_counter, cpu_clock: Clock = time.process_time) -> None:
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._fetched: list[float] = []
        self._finished: list[float] = []
        self._images: list[int] = []
        self._cpu_start = self._start = 0.0

    def start(self) -> None:
        """Begin the epoch; earlier times are discarded."""
        self._fetched, self._finished, self._images = [], [], []
        self._cpu_start = self._cpu_clock()
        self._start = self._clock()

    def note_batch(self) -> None:
        """The next batch is ready. Called for every step, or for none if there is never a wait for data."""
        self._fetched.append(self._clock())

    def note_step(self, images: int) -> None:
        """The device has finished the step on ``images`` images."""
        self._finished.append(self._clock())
        self._images.append(images)

    def stop(self) -> EpochTimes:
        """End the epoch; after an interruption the times of the steps that were finished."""
        stop, cpu_stop = self._clock(), self._cpu_clock()
        before = [self._start, *self._finished[:-1]]
        fetched = self._fetched or before
        steps = [elapsed(start, end) for start, end in zip(fetched, self._finished, strict=False)]
        steady = _find_steady(self._images)
        steady_seconds = tuple(step for index in steady if (step := steps[index]) is not None)
        return EpochTimes(
            steps=len(self._finished),
            first_step_seconds=steps[0] if steps else None,
            epoch_seconds=elapsed(self._start, stop),
            cpu_seconds=elapsed(self._cpu_start, cpu_stop),
            data_wait_seconds=_sum_known(
                [elapsed(*pair) for pair in zip(before, self._fetched, strict=False)] or [None]
            ),
            images_per_second=_compute_rate(
                sum(self._images[index] for index in steady),
                _sum_known([elapsed(before[index], self._finished[index]) for index in steady]),
            ),
            step_ms_p5=_compute_milliseconds(steady_seconds, 0.05),
            step_ms_p50=_compute_milliseconds(steady_seconds, 0.5),
            step_ms_p95=_compute_milliseconds(steady_seconds, 0.95),
            steady_seconds=steady_seconds,
        )


def elapsed(start: float, end: float) -> float | None:
    """Seconds between two readings of one clock; ``None`` if it ran backwards."""
    return end - start if end >= start else None


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """The percentile between the two nearest values, as NumPy's default has it; ``None`` for no values."""
    if not values:
        return None
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def _find_steady(images: Sequence[int]) -> list[int]:
    """Indices of the steps on a full batch, without the first step."""
    full = max(images, default=0)
    return [index for index, count in enumerate(images) if index > 0 and count == full]


def _sum_known(seconds: Sequence[float | None]) -> float | None:
    known = [value for value in seconds if value is not None]
    return math.fsum(known) if len(known) == len(seconds) else None


def _compute_rate(count: int, seconds: float | None) -> float | None:
    return count / seconds if count and seconds else None


def _compute_milliseconds(seconds: Sequence[float], fraction: float) -> float | None:
    value = percentile(seconds, fraction)
    return None if value is None else value * 1000
