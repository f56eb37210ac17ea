"""Batches: shuffled, augmented, standardised, in NumPy alone, so that every backend gets the same bytes.

An epoch's order depends on (seed, epoch), what happens to an image on (seed, epoch, its index), and on nothing else:
not on the batch it lies in, nor on what was drawn before. So a resumed run continues as if it had never stopped.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from densebench.data.images import Images, PerChannel
from densebench.data.keyed_random import derive_key, draw_bits, draw_permutation, scale_bits
from densebench.data.prefetch import make_in_order
from densebench.errors import InputError
from densebench.recipes import Recipe

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]

_ORDER, _AUGMENTATION = 1, 2  # what a stream is for
_FLIP, _SHIFT_DOWN, _SHIFT_RIGHT, _CUTOUT_ROW, _CUTOUT_COLUMN = range(5)  # an image's draws
_DRAWS = 8  # counters reserved for each image


class TrainBatches:
    """The training images, epoch by epoch; the last batch of an epoch may be smaller.

    Flips, then standardises, then shifts by whole pixels with zeros moving in (0 is the mean, as in the blog series),
    then sets the cutout's square to zero. Raises :class:`InputError` for a batch or a square larger than the data.
    """

    def __init__(
        self,
        images: Images,
        *,
        recipe: Recipe,
        flip_allowed: bool,
        mean: PerChannel,
        deviation: PerChannel,
        batch_size: int,
        seed: int,
        threads: int = 1,
    ) -> None:
        """``threads`` make batches at a time; which do decides nothing about them."""
        count, side = images.pixels.shape[:2]
        if batch_size > count:
            raise InputError(
                f"--batch-size {batch_size} is larger than the {count} training images: use at most {count}."
            )
        if recipe.cutout > side:
            raise InputError(f"--cutout {recipe.cutout} is larger than the images, whose side is {side} pixels.")
        self._images = images
        self._flip = recipe.flip and flip_allowed
        self._shift = round(recipe.shift * side)
        self._cutout = recipe.cutout
        self._scale = (mean, deviation)
        self._batch_size = batch_size
        self._seed = seed
        self._threads = threads
        self.steps = -(-count // batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Floats, NDArray[np.int32]]]:
        """Epoch ``number``, counted from 1: (x float32 (B, H, W, 3), y int32 (B,)) a step."""
        order = draw_permutation(derive_key(_ORDER, self._seed, number), len(self._images.labels))
        stream = derive_key(_AUGMENTATION, self._seed, number)
        chosen = (order[begin : begin + self._batch_size] for begin in range(0, len(order), self._batch_size))
        yield from make_in_order((partial(self._make, part, stream) for part in chosen), self._threads)

    def _make(self, chosen: Integers, stream: int) -> tuple[Floats, NDArray[np.int32]]:
        return self._augment(chosen, stream), self._images.labels[chosen]

    def _augment(self, chosen: Integers, stream: int) -> Floats:
        def draw(which: int, limit: int) -> Integers:
            return scale_bits(limit, draw_bits(stream, chosen.astype(np.uint64) * np.uint64(_DRAWS) + np.uint64(which)))

        pixels, side = self._images.pixels[chosen], self._images.pixels.shape[1]
        if self._flip:
            mirrored = draw(_FLIP, 2) == 1
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        x = standardise(pixels, *self._scale)
        if self._shift:
            choices = 2 * self._shift + 1
            x = shift(x, draw(_SHIFT_DOWN, choices), draw(_SHIFT_RIGHT, choices), self._shift)
        if self._cutout:
            cut_out(x, draw(_CUTOUT_ROW, side), draw(_CUTOUT_COLUMN, side), self._cutout)
        return x


class EvalBatches:
    """Images in their own order, standardised only; the last batch is padded with zeros to ``batch_size``."""

    def __init__(self, images: Images, *, mean: PerChannel, deviation: PerChannel, batch_size: int) -> None:
        self._images = images
        self._scale = (mean, deviation)
        self._batch_size = batch_size
        self.steps = -(-len(images.labels) // batch_size)

    def __iter__(self) -> Iterator[tuple[Floats, NDArray[np.int32], int]]:
        """(x float32 (batch_size, H, W, 3), y int32 (batch_size,), how many of them are real) a step."""
        for begin in range(0, len(self._images.labels), self._batch_size):
            x = standardise(self._images.pixels[begin : begin + self._batch_size], *self._scale)
            y = self._images.labels[begin : begin + self._batch_size]
            missing = self._batch_size - len(y)
            yield np.pad(x, ((0, missing), (0, 0), (0, 0), (0, 0))), np.pad(y, (0, missing)), len(y)


def standardise(pixels: NDArray[np.uint8], mean: PerChannel, deviation: PerChannel) -> Floats:
    """(pixels - mean) / deviation in float32."""
    rows = pixels.reshape(len(pixels), pixels.shape[1], -1)
    width = pixels.shape[2]
    # The constants are laid out as long as a row: NumPy is slow where its innermost loop has three steps.
    x = np.subtract(rows, np.tile(np.asarray(mean, np.float32), width), dtype=np.float32)
    x /= np.tile(np.asarray(deviation, np.float32), width)
    return x.reshape(pixels.shape)


def shift(x: Floats, down: Integers, right: Integers, largest: int) -> Floats:
    """Each image moved by its own ``down`` and ``right``, 0 ... 2 * largest, where ``largest`` means not at all."""
    room = np.pad(x, ((0, 0), (largest, largest), (largest, largest), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(room, x.shape[1:3], axis=(1, 2))
    moved = windows[np.arange(len(x)), 2 * largest - down, 2 * largest - right]
    return np.ascontiguousarray(np.moveaxis(moved, 1, 3))


def cut_out(x: Floats, row: Integers, column: Integers, size: int) -> None:
    """Set a square around each image's (row, column) to zero, clipped at the border. DeVries and Taylor, 1708.04552."""
    place = np.arange(x.shape[1])

    def inside(centre: Integers) -> NDArray[np.bool_]:
        begin = centre[:, None] - size // 2
        return (place >= begin) & (place < begin + size)

    x[inside(row)[:, :, None] & inside(column)[:, None, :]] = 0


def describe_augmentation(recipe: Recipe, flip_allowed: bool) -> str:
    """What is done to the training images, for the column ``augmentation``."""
    parts = [
        "flip" if recipe.flip and flip_allowed else "",
        f"shift {recipe.shift:.1%}" if recipe.shift else "",
        f"cutout {recipe.cutout}" if recipe.cutout else "",
    ]
    return ", ".join(part for part in parts if part) or "none"
