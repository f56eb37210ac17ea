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
    warnings: tuple[str, ...]  # what a reader of the figures must know of the images
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
    takes_test_fraction: bool = False  # whether the test images may be drawn from others
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """How many images were changed in decoding."""

    transparent: int = 0  # put on white
    animated: int = 0  # of which the first frame was taken
    sixteen_bit: int = 0  # scaled to 8 bits
    dark: int = 0  # of those of 16 bits, how many use the lowest 12 only

    def __add__(self, other: Treatment) -> Treatment:
        return Treatment(
            transparent=self.transparent + other.transparent,
            animated=self.animated + other.animated,
            sixteen_bit=self.sixteen_bit + other.sixteen_bit,
            dark=self.dark + other.dark,
        )


@dataclass(frozen=True, kw_only=True)
class BadFile:
    """A file that cannot be used."""

    path: str  # relative to the dataset's folder
    complaint: str  # a sentence without its end, with the whole path


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """Images decoded from files: the pixels of those that could be, and the files that could not."""

    pixels: Pixels
    kept: Indices  # which of the images asked for they are
    bad: tuple[BadFile, ...] = ()
    treatment: Treatment = Treatment()


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """A part of a source: every label at once, the pixels of chosen images on demand."""

    labels: Labels
    read: Callable[[Indices], Pixels | Decoded]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A whole dataset before any limit: what each loader returns."""

    name: str
    train: Split
    test: Split
    validation: Split | None = None  # None: to be held out of train, if any is
    class_names: tuple[str, ...]
    mean: PerChannel | None = None  # None: to be computed from the images trained on
    deviation: PerChannel | None = None
    flip_allowed: bool = True
    random_labels: bool = False
    warnings: tuple[str, ...] = ()
