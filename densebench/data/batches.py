"""Batches: shuffled, augmented, standardised, in NumPy alone, so that every backend gets the same bytes.

An epoch's order depends on (seed, epoch), what happens to an image on (seed, epoch, its index), and on nothing else:
not on the batch it lies in, nor on what was drawn before. So a resumed run continues as if it had never stopped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from densebench.data.images import Images, PerChannel
from densebench.data.keyed_random import derive_key, draw_bits, draw_permutation, scale_bits
from densebench.data.prefetch import make_in_order
from densebench.errors import InputError
from densebench.recipes import Recipe, describe_large_cutout

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]

_ORDER, _AUGMENTATION, _FIRST_FLIP = 1, 2, 3  # what a stream is for
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
            raise InputError(describe_large_cutout(recipe, side))
        self._images = images
        self._flip = recipe.flip and flip_allowed
        self._alternate_flips = recipe.alternate_flips
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
        changes = self._draw_changes(order, number)
        parts = (slice(begin, begin + self._batch_size) for begin in range(0, len(order), self._batch_size))
        yield from make_in_order(
            (partial(self._make, order[part], changes.take(part)) for part in parts), self._threads
        )

    def _draw_changes(self, order: Integers, epoch: int) -> "_Changes":
        """What happens to each image of an epoch, in its order: drawn at once, for drawing is slow in small pieces."""
        counters = order.astype(np.uint64) * np.uint64(_DRAWS)
        stream = derive_key(_AUGMENTATION, self._seed, epoch)
        flips, odd = (derive_key(_FIRST_FLIP, self._seed), epoch % 2) if self._alternate_flips else (stream, 1)

        def draw(which: int, limit: int, stream: int = stream) -> Integers:
            return scale_bits(limit, draw_bits(stream, counters + np.uint64(which)))

        side, shifts = self._images.pixels.shape[1], 2 * self._shift + 1
        return _Changes(
            mirrored=draw(_FLIP, 2, flips) == odd if self._flip else None,
            shift=(draw(_SHIFT_DOWN, shifts), draw(_SHIFT_RIGHT, shifts)) if self._shift else None,
            cutout=(draw(_CUTOUT_ROW, side), draw(_CUTOUT_COLUMN, side)) if self._cutout else None,
        )

    def _make(self, chosen: Integers, changes: "_Changes") -> tuple[Floats, NDArray[np.int32]]:
        pixels = self._images.pixels[chosen]
        if changes.mirrored is not None:
            mirror(pixels, changes.mirrored)
        if changes.shift is None:
            x = standardise(pixels, *self._scale)
        else:
            room = _make_room(pixels.shape, self._shift)
            standardise(pixels, *self._scale, out=room[:, self._shift : -self._shift, self._shift : -self._shift])
            x = shift(room, *changes.shift, self._shift)
        if changes.cutout is not None:
            cut_out(x, *changes.cutout, self._cutout)
        return x, self._images.labels[chosen]


@dataclass(frozen=True, kw_only=True)
class _Changes:
    """What is drawn for each of some images; ``None`` for what is not done."""

    mirrored: NDArray[np.bool_] | None
    shift: tuple[Integers, Integers] | None  # down and right, as in shift()
    cutout: tuple[Integers, Integers] | None  # row and column of the centre

    def take(self, part: slice) -> "_Changes":
        return _Changes(
            mirrored=None if self.mirrored is None else self.mirrored[part],
            shift=None if self.shift is None else (self.shift[0][part], self.shift[1][part]),
            cutout=None if self.cutout is None else (self.cutout[0][part], self.cutout[1][part]),
        )


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


def standardise(
    pixels: NDArray[np.uint8], mean: PerChannel, deviation: PerChannel, out: Floats | None = None
) -> Floats:
    """(pixels - mean) / deviation in float32, written into ``out`` where that is given."""
    count, height, width, channels = pixels.shape
    x = np.empty(pixels.shape, np.float32) if out is None else out
    rows = np.lib.stride_tricks.as_strided(x, (count, height, width * channels), (*x.strides[:2], x.strides[3]))
    # The constants are laid out as long as a row: NumPy is slow where its innermost loop has three steps.
    np.subtract(pixels.reshape(rows.shape), np.tile(np.asarray(mean, np.float32), width), out=rows, dtype=np.float32)
    np.divide(rows, np.tile(np.asarray(deviation, np.float32), width), out=rows)
    return x


def mirror(pixels: NDArray[np.uint8], chosen: NDArray[np.bool_]) -> None:
    """Mirror the chosen images (B, H, W, 3) where they are, whole pixels at a time."""
    whole = pixels.view(f"V{pixels.shape[3]}")[..., 0]
    whole[chosen] = whole[chosen, :, ::-1]


def _make_room(shape: tuple[int, ...], largest: int) -> Floats:
    """Zeros for images of this shape (B, H, W, 3) with ``largest`` more pixels on every side."""
    count, height, width, channels = shape
    return np.zeros((count, height + 2 * largest, width + 2 * largest, channels), np.float32)


def shift(room: Floats, down: Integers, right: Integers, largest: int) -> Floats:
    """Each image of ``room``, which has ``largest`` zeros on every side, moved by its own ``down`` and ``right``.

    These are 0 ... 2 * largest, where ``largest`` means not at all.
    """
    sides = (room.shape[1] - 2 * largest, room.shape[2] - 2 * largest)
    windows = np.lib.stride_tricks.sliding_window_view(room, sides, axis=(1, 2))
    moved = windows[np.arange(len(room)), 2 * largest - down, 2 * largest - right]
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
        ("alternating flip" if recipe.alternate_flips else "flip") if recipe.flip and flip_allowed else "",
        f"shift {recipe.shift:.1%}" if recipe.shift else "",
        f"cutout {recipe.cutout}" if recipe.cutout else "",
    ]
    return ", ".join(part for part in parts if part) or "none"
