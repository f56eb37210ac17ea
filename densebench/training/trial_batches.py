"""The batches of a trial: real, augmented batches of a few images, over and over, until enough steps are timed."""

from collections.abc import Iterator
from itertools import count, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from densebench.data.batches import Floats, TrainBatches
from densebench.data.prefetch import DEPTH
from densebench.measuring.stopping_rule import IMPATIENT, Patience, may_stop
from densebench.measuring.stopwatch import Clock, percentile

_AHEAD = DEPTH + 1  # batches that are made when the next is asked for, and whose steps are still to come
_TARGET = 0.01  # half width of the median's interval, as a fraction of it
_LEAST_SECONDS = 3.0  # a machine's speed varies from one second to the next

_Batch = tuple[Floats, NDArray[np.int32]]


class TrialBatches:
    """A first epoch of as many steps as are needed, and further epochs of two steps.

    Each ends with a batch as small as the last one of ``batches``, because another shape is compiled again.
    A step's time is seen from when the next batch is asked for: the queue of batches that are made ahead delays that
    until a step is done.
    """

    def __init__(
        self,
        batches: TrainBatches,
        *,
        images: int,
        batch_size: int,
        time_limit: float,
        clock: Clock,
        patience: Patience = IMPATIENT,
    ) -> None:
        """``images`` are those of ``batches``; ``time_limit`` is in seconds, and four full steps are always made."""
        self._batches, self._clock = batches, clock
        self._batch_size, self._last_size = batch_size, images % batch_size or batch_size
        self._time_limit, self._patience = time_limit, patience
        self.images = 0  # that the first epoch has given
        self.steps = 2  # of the first epoch they are known only when they are done

    def epoch(self, number: int) -> Iterator[_Batch]:
        """Epoch ``number``, counted from 1: (x float32 (B, H, W, 3), y int32 (B,)) a step."""
        for x, y in self._iterate_full() if number == 1 else islice(self._batches.epoch(number), 1):
            self.images += len(y) if number == 1 else 0
            yield x, y
        self.images += self._last_size if number == 1 else 0
        x, y = next(self._batches.epoch(number))
        yield x[: self._last_size], y[: self._last_size]

    def _iterate_full(self) -> Iterator[_Batch]:
        """Full batches until enough steps are timed, or time will be up when those that are made have been used."""
        asked = [self._clock()]
        for batch in self._repeat():
            yield batch
            asked.append(self._clock())
            seconds = [after - before for before, after in pairwise(asked[_AHEAD + 1 :])]
            if len(asked) > _AHEAD + 1 and self._is_enough(seconds, asked[-1] - asked[0]):
                return

    def _repeat(self) -> Iterator[_Batch]:
        for number in count(1):
            for x, y in self._batches.epoch(number):
                if len(y) == self._batch_size:
                    yield x, y

    def _is_enough(self, seconds: list[float], elapsed: float) -> bool:
        to_come = (_AHEAD + 1) * (percentile(seconds, 0.5) or 0.0)
        if elapsed + to_come >= self._time_limit:
            return True
        return elapsed >= _LEAST_SECONDS and may_stop(
            seconds,
            elapsed_seconds=elapsed,
            limit_seconds=self._time_limit,
            target=_TARGET,
            patience=self._patience,
            timed_seconds=sum(seconds) - self._patience.warm_up_seconds,  # what is warm-up stays in the epoch
        )
