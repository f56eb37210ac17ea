"""Keras's arrays in one file: ``np.savez("cifar10.npz", x_train=..., y_train=..., x_test=..., y_test=...)``."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from densebench.data.cifar.editions import IMAGE_SIZE, Edition
from densebench.data.cifar.forms.copies import Copy, check_images
from densebench.data.fetching.folders import find_owner
from densebench.data.images import Images, OnProgress
from densebench.errors import DatasetError
from densebench.escape import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from densebench.data.images import Pixels

_SUFFIX = ".npz"
_MEMBERS = frozenset({"x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"})


def find(edition: Edition, folder: Path) -> Path | None:
    """The file with the four arrays: one named for the edition before another, then by name; or ``folder`` itself.

    A file that is named for another dataset is not looked into. One named for the edition is taken without the
    arrays too, if there is no other, so that :func:`read` says what is wrong with it.
    """
    if os.path.isfile(folder):
        return folder if folder.name.endswith(_SUFFIX) else None
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(_SUFFIX))
    except OSError:  # what may not be listed counts as missing
        return None
    owned = [folder / name for name in names if find_owner(name) == edition.name]
    others = [folder / name for name in names if find_owner(name) is None]
    return next(filter(_has_arrays, (*owned, *others)), next(iter(owned), None))


def read(edition: Edition, path: Path, on_progress: OnProgress) -> Copy:
    """All images; raises :class:`DatasetError` for a damaged file, and for arrays that are not those of the edition."""
    parts = {}
    for number, split in enumerate(("train", "test")):
        on_progress(f"Reading {edition.title}", number, 2)
        parts[split] = _read_split(edition, split, path)
    on_progress(f"Reading {edition.title}", 2, 2)
    return Copy(train=parts["train"], test=parts["test"])


def _has_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) >= _MEMBERS
    except Exception:  # zipfile raises nearly anything on damaged data
        return False


def _read_split(edition: Edition, split: str, path: Path) -> Images:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            images = _read_array(archive, f"x_{split}", "u", dimensions=(4,))
            labels = _read_array(archive, f"y_{split}", "iu", dimensions=(1, 2)).reshape(-1)
            pixels = _put_channels_last(images)
            if pixels.dtype != np.uint8:
                raise ValueError(f"x_{split} holds {pixels.dtype} instead of uint8")
    except Exception as error:  # zip, NumPy and the operating system have many ways to say that a file is damaged
        reason = plain(str(error)[:100]) or type(error).__name__
        raise DatasetError(f"{str(path)!r} cannot be used ({reason}): save it again as Keras loads it.") from None
    return check_images(edition, split, str(path), pixels, labels)


def _read_array(archive: zipfile.ZipFile, name: str, kinds: str, *, dimensions: tuple[int, ...]) -> NDArray[Any]:
    """An array of a kind and of dimensions that are compared before any of it is read; never a pickle."""
    from numpy.lib import format as npy

    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as file:
        major, _ = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
        shape, _, dtype = read_header(file)
        if dtype.kind not in kinds or len(shape) not in dimensions:
            raise ValueError(f"{name} is {dtype} in {len(shape)} dimensions")
        promised = dtype.itemsize
        for length in shape:
            promised *= length
        if promised > entry.file_size:
            raise ValueError(f"{name} is shorter than it says")
    with archive.open(entry) as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        if file.read(1):  # which also compares the checksum
            raise ValueError(f"{name} is longer than it says")
    return array


def _put_channels_last(images: NDArray[np.uint8]) -> Pixels:
    """(N, 32, 32, 3), also where Keras was set to ``channels_first``."""
    if images.shape[1:] == (3, IMAGE_SIZE, IMAGE_SIZE):
        return images.transpose(0, 2, 3, 1)
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ValueError(f"images of {'x'.join(map(str, images.shape[1:]))} instead of 32x32x3")
    return images
