"""What is refused of loaded images, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.data.images import BadFile, Images, Treatment
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from densebench.data.images import Indices, Labels, Pixels

_SHOWN = 20  # bad images named in one message


def refuse_bad_images(bad: Sequence[BadFile]) -> None:
    """Raise :class:`DatasetError` that names the images that cannot be used, the first 20 of them."""
    if len(bad) == 1:
        raise DatasetError(f"{bad[0].complaint}: repair or remove it, or give --skip-bad-images.")
    shown = ", ".join(file.complaint for file in bad[:_SHOWN])
    left = f", and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    raise DatasetError(
        f"{len(bad):,} images cannot be used, {shown}{left}: repair or remove them, or give --skip-bad-images."
    )


def find_lost_classes(asked: Labels, kept: Labels) -> tuple[int, ...]:
    """The classes of which no image was kept."""
    return tuple(sorted(set(asked.tolist()) - set(kept.tolist())))


def refuse_lost_class(split: str, name: str, example: BadFile) -> None:
    """Raise :class:`DatasetError` for a class of which a split has no image left, all being bad."""
    raise DatasetError(
        f"No {split} image of class {name!r} can be used ({example.complaint}): repair them, or remove the class."
    )


def refuse_lost_validation(bad: Sequence[BadFile]) -> None:
    """Raise :class:`DatasetError` for validation images that are all bad."""
    raise DatasetError(
        f"None of the {len(bad):,} validation images can be used ({bad[0].complaint}): repair or remove them."
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


def refuse_one_class(names: Sequence[str], train: Images) -> None:
    """Raise :class:`DatasetError` if all training images, where there are several, are of one of several classes."""
    count, found = len(train.labels), set(train.labels.tolist())
    if count > 1 and len(names) > 1 and len(found) == 1:
        name = names[found.pop()]
        raise DatasetError(f"All {count:,} training images are of class {name!r}: check how they were labelled.")


def describe_decoding(bad: Sequence[BadFile], treatments: Sequence[Treatment]) -> tuple[str, ...]:
    """What a reader of the figures must know of how the images were decoded."""
    total = sum(treatments, Treatment())
    dark = f" (nearly black, for they use the lowest 12 bits only: {total.dark:,})" if total.dark else ""
    example = f", such as {bad[0].path!r}" if bad else ""
    counts = (
        ("bad images skipped", len(bad), example),
        ("transparent images composed on white", total.transparent, ""),
        ("images of 16 bits a channel scaled to 8", total.sixteen_bit, dark),
        ("animated images of which only the first frame is used", total.animated, ""),
    )
    return tuple(f"{what}: {count:,}{more}" for what, count, more in counts if count)


def _are_equal(pixels: Pixels, which: Indices) -> bool:
    """Whether there are several images and all are the same."""
    import numpy as np

    return len(which) > 1 and all(np.array_equal(pixels[index], pixels[which[0]]) for index in which[1:])
