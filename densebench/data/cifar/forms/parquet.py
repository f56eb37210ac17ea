"""Hugging Face's files: ``train-*.parquet`` and ``test-*.parquet`` with a column of image files and one of labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from densebench.data.cifar.editions import IMAGE_SIZE, Edition
from densebench.data.cifar.forms.copies import Copy, check_images, count_images
from densebench.data.folder.decoding import BadImage, decode_square
from densebench.data.images import Images, OnProgress
from densebench.data.resizing import allocate_pixels
from densebench.errors import DatasetError, InputError

if TYPE_CHECKING:
    import pandas as pd

_SUFFIX = ".parquet"
_IMAGES = ("img", "image")
_FINE = "fine_label"
_LABELS = (_FINE, "label")  # CIFAR-100 has coarse_label too
_LARGEST = 1 << 29  # bytes of a file; the usual ones have 120 MB
_EVERY = 256  # images between two reports of progress


def find(edition: Edition, folder: Path) -> Path | None:
    """The folder, if it has files for train and test."""
    return folder if all(_list_files(folder, split) for split in ("train", "test")) else None


def read(edition: Edition, path: Path, on_progress: OnProgress) -> Copy:
    """All images in the order of the files' names.

    Raises :class:`DatasetError` for files that are damaged or not those of the edition, :class:`InputError` without
    pyarrow.
    """
    return Copy(
        train=_read_split(edition, "train", path, on_progress),
        test=_read_split(edition, "test", path, on_progress),
    )


def _list_files(folder: Path, split: str) -> list[Path]:
    """``train.parquet``, ``train-00000-of-00002.parquet`` and so on."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:  # what may not be listed counts as missing
        return []
    return [
        folder / name
        for name in names
        if name.endswith(_SUFFIX) and (name.startswith(f"{split}-") or name == f"{split}{_SUFFIX}")
    ]


def _read_split(edition: Edition, split: str, folder: Path, on_progress: OnProgress) -> Images:
    import numpy as np

    files = _list_files(folder, split)
    frames = [_read_frame(edition, file) for file in files]
    labels = np.concatenate([_read_labels(file, frame) for file, frame in zip(files, frames, strict=True)])
    images = count_images(edition)[split]
    pixels = allocate_pixels(min(len(labels), images + 1), IMAGE_SIZE)
    index = 0
    for file, frame in zip(files, frames, strict=True):
        for cell in frame.iloc[: len(pixels) - index, 0]:
            if index % _EVERY == 0:
                on_progress(f"Reading {edition.title}", index, images)
            pixels[index] = _decode(f"{file}, image {index}", cell)
            index += 1
    path = str(files[0] if len(files) == 1 else folder)
    return check_images(edition, split, path, pixels, labels)


def _read_frame(edition: Edition, path: Path) -> pd.DataFrame:
    """The columns of images and of labels, in this order."""
    import pandas as pd

    try:
        if os.path.getsize(path) > _LARGEST:
            raise ValueError(f"more than {_LARGEST:,} bytes")
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError:
        raise InputError(
            f"Reading {str(path)!r} needs pyarrow, which is missing: pip install 'densebench[parquet]'."
        ) from None
    except Exception as error:  # pyarrow and pandas have many ways to say that a file is damaged
        reason = f"{type(error).__name__}: {str(error)[:100]!r}"
        raise DatasetError(f"{str(path)!r} cannot be read ({reason}): download it again.") from None
    if _FINE in frame.columns and not edition.coarse_labels:
        raise DatasetError(f"{str(path)!r} has the column {_FINE!r}, which is CIFAR-100's: give --dataset cifar100.")
    return frame[[_find_column(path, frame, _IMAGES), _find_column(path, frame, _LABELS)]]


def _find_column(path: Path, frame: pd.DataFrame, names: Sequence[str]) -> str:
    found = [name for name in names if name in frame.columns]
    if not found:
        raise DatasetError(f"{str(path)!r} has no column {' or '.join(map(repr, names))}: download it again.")
    return found[0]


def _read_labels(path: Path, frame: pd.DataFrame) -> Any:
    labels = frame.iloc[:, 1].to_numpy()
    if labels.dtype.kind not in "iu":
        raise DatasetError(f"{str(path)!r} has labels that are not whole numbers: download it again.")
    return labels


def _decode(name: str, cell: object) -> Any:
    """The pixels of ``{"bytes": ..., "path": ...}``, as Hugging Face keeps an image."""
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(data, bytes):
        raise DatasetError(f"{name!r} has no bytes: download it again.")
    try:
        return decode_square(name, data, IMAGE_SIZE)
    except BadImage as error:
        raise DatasetError(f"{error.complaint}: download it again.") from None
