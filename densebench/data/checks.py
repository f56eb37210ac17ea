"""What is refused of loaded images, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.data.images import Images, Treatment
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from densebench.data.images import Indices, Labels, Pixels

_SHOWN = 20  # bad images named in one message


def refuse_bad_images(complaints: Sequence[str]) -> None:
    """Raise :class:`DatasetError` that names the images that cannot be used, the first 20 of them."""
    if len(complaints) == 1:
        raise DatasetError(f"{complaints[0]}: repair or remove it, or give --skip-bad-images.")
    left = f", and {len(complaints) - _SHOWN:,} more" if len(complaints) > _SHOWN else ""
    raise DatasetError(
        f"{len(complaints):,} images cannot be used, {', '.join(complaints[:_SHOWN])}{left}: "
        "repair or remove them, or give --skip-bad-images."
    )


def find_lost_classes(asked: Labels, kept: Labels) -> tuple[int, ...]:
    """The classes of which no image was kept."""
    return tuple(sorted(set(asked.tolist()) - set(kept.tolist())))


def refuse_lost_class(name: str, complaints: Sequence[str]) -> None:
    """Raise :class:`DatasetError` for a class of which a split has no image left, all being bad."""
    raise DatasetError(
        f"No image of class {name!r} can be used in one of the splits ({complaints[0]}): "
        "repair them, or remove the class."
    )


def refuse_equal_images(names: Sequence[str], train: Images, test: Images) -> None:
    """Raise :class:`DatasetError` if all images of a split, or all training images of a class, are equal.

    A class of one image passes.
    """
    import numpy as np

    for part, images in (("training", train), ("test", test)):
        if _are_equal(images.pixels, np.arange(len(images.labels))):
            raise DatasetError(f"All {len(images.labels):,} {part} images are equal: check how they were made.")
    for label, name in enumerate(names):
        of_class = np.flatnonzero(train.labels == label)
        if _are_equal(train.pixels, of_class):
            raise DatasetError(
                f"All {len(of_class):,} training images of class {name!r} are equal: check how they were made."
            )


def describe_decoding(bad: Sequence[str], treatments: Sequence[Treatment]) -> tuple[str, ...]:
    """What a reader of the figures must know of how the images were decoded."""
    total = sum(treatments, Treatment())
    dark = f", {total.dark:,} of which use the lowest 12 bits only and become nearly black" if total.dark else ""
    skipped = f"{len(bad):,} bad images were skipped, such as {bad[0]}" if bad else ""
    counts = (
        (total.transparent, "transparent images were composed on white"),
        (total.sixteen_bit, f"images of 16 bits a channel were scaled to 8 bits{dark}"),
        (total.animated, "animated images were reduced to their first frame"),
    )
    return (*((skipped,) if skipped else ()), *(f"{count:,} {what}" for count, what in counts if count))


def _are_equal(pixels: Pixels, which: Indices) -> bool:
    """Whether there are several images and all are the same."""
    import numpy as np

    return len(which) > 1 and all(np.array_equal(pixels[index], pixels[which[0]]) for index in which[1:])
