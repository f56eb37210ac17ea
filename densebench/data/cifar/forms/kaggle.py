"""Kaggle's competition "CIFAR-10 - Object Recognition in Images": ``train/1.png`` ... and ``trainLabels.csv``.

The labels of its test images, most of which do not count, are not public.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.data.cifar.editions import CIFAR10, IMAGE_SIZE, Edition
from densebench.data.cifar.forms.copies import Copy, check_images, count_images
from densebench.data.folder.decoding import BadImage, decode_square
from densebench.data.images import OnProgress
from densebench.data.resizing import allocate_pixels
from densebench.errors import DatasetError
from densebench.escape import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LABELS = "trainLabels.csv"
_IMAGES = ("train", os.path.join("train", "train"))  # some programs unpack train.7z into a folder of its name
_LARGEST = 1 << 20  # bytes of an image's file or of the labels; the usual ones have 2,500 and 580,000
_EVERY = 256  # images between two reports of progress


def holds(edition: Edition) -> bool:
    """There was a competition of CIFAR-10 alone."""
    return edition.name == CIFAR10.name


def find(edition: Edition, folder: Path) -> Path | None:
    """The folder with the labels."""
    return folder if holds(edition) and os.path.isfile(folder / _LABELS) else None


def read(edition: Edition, path: Path, on_progress: OnProgress) -> Copy:
    """The training images in the order of their numbers; raises :class:`DatasetError` if one is missing or damaged."""
    images = count_images(edition)["train"]
    labels = _read_labels(edition, path / _LABELS, images)
    folder = next((path / name for name in _IMAGES if os.path.isfile(path / name / "1.png")), None)
    if folder is None:
        raise DatasetError(f"{str(path / _IMAGES[0])!r} has no image '1.png': unpack Kaggle's train.7z there.")
    pixels = allocate_pixels(images, IMAGE_SIZE)
    for index in range(images):
        if index % _EVERY == 0:
            on_progress(f"Reading {edition.title}", index, images)
        pixels[index] = _read_image(folder / f"{index + 1}.png")
    on_progress(f"Reading {edition.title}", images, images)
    return Copy(train=check_images(edition, "train", str(path), pixels, labels), test=None)


def _read_labels(edition: Edition, path: Path, images: int) -> NDArray[np.int32]:
    """The class of each image, by its number."""
    import numpy as np

    labels = {name: label for label, name in enumerate(edition.class_names)}
    found: dict[int, int] = {}
    try:
        if os.path.getsize(path) > _LARGEST:
            raise ValueError(f"more than {_LARGEST:,} bytes")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != ["id", "label"]:
                raise ValueError("its first line is not 'id,label'")
            for number, name in rows:
                if name not in labels:
                    raise ValueError(f"{name[:20]!r} is no class of {edition.title}")
                found[int(number)] = labels[name]
                if len(found) > images:
                    break
    except (OSError, ValueError, csv.Error) as error:
        reason = plain(str(error)[:100])
        raise DatasetError(f"{str(path)!r} cannot be used ({reason}): download it again.") from None
    if found.keys() != set(range(1, images + 1)):
        raise DatasetError(f"{str(path)!r} does not label the images 1 to {images}: download it again.")
    return np.array([found[number] for number in range(1, images + 1)], np.int32)


def _read_image(path: Path) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as file:
            return decode_square(str(path), file.read(_LARGEST), IMAGE_SIZE)
    except BadImage as error:
        raise DatasetError(f"{error.complaint}: unpack Kaggle's train.7z again.") from None
    except OSError as error:
        raise DatasetError(
            f"{str(path)!r} cannot be read ({error.strerror}): unpack Kaggle's train.7z again."
        ) from None
