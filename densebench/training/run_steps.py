"""The steps of an epoch, each read while the device computes the next ones, where it can do so.

A device that waits for its host to look at one step before it is given the next one idles between them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.stopwatch import Clock, EpochTimer
from densebench.training.steps.step import Batch, Figures, StepResult, Steps

_MOST_WAITING = 2  # steps that are started while one runs
_LONG_SECONDS = 0.1  # a longer step gains nothing by it, and would delay the answer to a signal


@dataclass(frozen=True, kw_only=True)
class FinishedStep:
    """A step that the device has finished."""

    number: int  # in its epoch, from 1
    images: int
    result: StepResult


@dataclass(frozen=True, kw_only=True)
class _Started:
    number: int
    images: int
    figures: Figures


class PlacedBatches(Protocol):
    """Batches (x, y, images) on the device, such as those of :class:`densebench.data.prefetch.Prefetched`."""

    def is_ready(self) -> bool:
        """Whether the next one, or the end, can be had without waiting."""

    def __next__(self) -> tuple[Batch, Batch, int]: ...


class StepRunner:
    """Runs steps, timed by ``timer``: the time of a step is that from the end of the one before, if that was running.

    The first step on each shape is waited for, because the search for algorithms is in it.
    """

    def __init__(self, steps: Steps, *, timer: EpochTimer, memory: StepMemory, clock: Clock) -> None:
        self._steps, self._timer, self._memory, self._clock = steps, timer, memory, clock
        self._running: deque[_Started] = deque()
        self._shapes: set[int] = set()  # of which a step is over
        self._began = 0.0  # when the oldest running step could begin
        self._seconds = float("inf")  # that the last one took

    def run(self, batches: PlacedBatches) -> Iterator[FinishedStep]:
        """A step for each batch, in their order; at the end none runs."""
        number = 0
        while True:
            if not batches.is_ready():  # the device will idle, and when its last step ended must be seen
                yield from self._finish(0)
            try:
                x, y, images = next(batches)
            except StopIteration:
                break
            number += 1
            if not self._may_run_ahead(images):
                yield from self._finish(0)
            self._start(number, x, y, images)
            yield from self._finish(_MOST_WAITING if self._may_run_ahead(images) else 0)
        yield from self._finish(0)

    def _may_run_ahead(self, images: int) -> bool:
        return self._steps.runs_ahead and images in self._shapes and self._seconds < _LONG_SECONDS

    def _start(self, number: int, x: Batch, y: Batch, images: int) -> None:
        if not self._running:
            self._note_begin()
        self._memory.begin_step(images)
        self._running.append(_Started(number=number, images=images, figures=self._steps.start(x, y)))

    def _finish(self, left: int) -> Iterator[FinishedStep]:
        """Wait for the oldest steps until so many are left."""
        while len(self._running) > left:
            step = self._running.popleft()
            result = self._steps.finish(step.figures)
            self._timer.note_step(step.images)
            if self._steps.runs_ahead:
                self._seconds = self._clock() - self._began
            if self._running:
                self._note_begin()
            self._memory.end_step(step.images)
            self._shapes.add(step.images)
            yield FinishedStep(number=step.number, images=step.images, result=result)

    def _note_begin(self) -> None:
        if self._steps.runs_ahead:
            self._began = self._clock()
        self._timer.note_batch()
