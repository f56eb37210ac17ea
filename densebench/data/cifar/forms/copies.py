"""What a form of CIFAR other than an official archive gives, and what is refused of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from densebench.data.cifar.editions import Edition
from densebench.data.images import Images
from densebench.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from densebench.data.images import Pixels


@dataclass(frozen=True, kw_only=True, eq=False)
class Copy:
    """All images of an edition, in the order in which the form has them."""

    train: Images
    test: Images | None  # None where the form has no labels of them


def count_images(edition: Edition) -> dict[str, int]:
    """How many images each split has."""
    archive = edition.binary
    return {
        "train": sum(member.images for member in archive.train),
        "test": sum(member.images for member in archive.test),
    }


def check_images(edition: Edition, split: str, path: str, pixels: Pixels, labels: NDArray[np.integer]) -> Images:
    """Images and their labels; raises :class:`DatasetError` for another number of them or an impossible label.

    ``pixels`` are (N, 32, 32, 3).
    """
    import numpy as np

    images = count_images(edition)[split]
    if len(pixels) != images or len(labels) != images:
        raise DatasetError(
            f"{path!r} has {len(pixels):,} {split} images with {len(labels):,} labels, where {edition.title} has "
            f"{images:,}: make it again."
        )
    if labels.min() < 0 or labels.max() >= edition.classes:
        raise DatasetError(
            f"{path!r} has a label outside 0 to {edition.classes - 1}, those of {edition.title}: make it again, or "
            "give another --dataset."
        )
    if edition.coarse_labels and labels.max() <= max(edition.coarse_labels):
        raise DatasetError(
            f"{path!r} has the labels 0 to {labels.max()} alone, which are those of the coarse classes: "
            "make it again with the fine ones."
        )
    return Images(pixels=np.ascontiguousarray(pixels), labels=labels.astype(np.int32))
