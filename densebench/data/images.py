"""What a dataset is: :class:`Dataset` once loaded, :class:`DatasetFacts` before, :class:`Source` in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]  # (images, height, width, 3)
    Labels = NDArray[np.int32]  # (images,)
    Indices = NDArray[np.intp]

# Called with what is going on, how much of it is done, and of how much, where that is known.
OnProgress = Callable[[str, int, int | None], None]
PerChannel = tuple[float, float, float]  # red, green, blue


def ignore_progress(what: str, done: int, total: int | None) -> None:
    """Show no progress."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """Images and their classes: ``pixels`` uint8 (N, H, W, 3), C-contiguous, and ``labels`` int32 (N,)."""

    pixels: Pixels
    labels: Labels


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Everything that a run needs to know of its images."""

    name: str
    train: Images
    validation: Images | None
    test: Images
    class_names: tuple[str, ...]
    image_size: int
    mean: PerChannel  # on 0..255, of the images trained on
    deviation: PerChannel
    flip_allowed: bool  # whether a mirrored image is still an image of its class
    random_labels: bool  # whether there is nothing to learn, so that accuracy has no meaning
    skipped: int  # files of the folder that are not images
    sha256: str  # of the pixels and labels above


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """What is known of a dataset without loading it; ``None`` where it is known only after loading."""

    name: str
    classes: int | None
    image_size: int | None
    train_images: int | None
    validation_images: int | None
    test_images: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """A part of a source: every label at once, the pixels of chosen images on demand."""

    labels: Labels
    read: Callable[[Indices], Pixels]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A whole dataset before any limit: what each loader returns."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    mean: PerChannel | None = None  # None: to be computed from the images trained on
    deviation: PerChannel | None = None
    flip_allowed: bool = True
    random_labels: bool = False
    skipped: int = 0
