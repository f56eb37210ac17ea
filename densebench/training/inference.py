"""Batches made ahead and placed on the device, and the logits of a whole split."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from densebench.data.batches import EvalBatches
from densebench.data.prefetch import Prefetched
from densebench.training.steps.step import Batch, InferenceSteps

_Item = TypeVar("_Item")


def make_ahead(items: Iterable[_Item]) -> closing[Prefetched[_Item]]:
    """The items, made ahead in a thread that ends with the ``with`` block, however that ends."""
    return closing(Prefetched(items))


def compute_logits(
    steps: InferenceSteps, batches: EvalBatches, raise_if_stopped: Callable[[], None]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """(logits (valid, classes), labels (valid,)) a batch, its padding cut off."""

    def placed() -> Iterator[tuple[Batch, NDArray[np.int32], int]]:
        for x, y, valid in batches:
            yield steps.place(x), y, valid

    with make_ahead(placed()) as placed_ahead:
        for x, y, valid in placed_ahead:
            yield steps.logits(x)[:valid], y[:valid]
            raise_if_stopped()
