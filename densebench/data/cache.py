"""The user's cache directory: downloaded archives and decoded folders."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from densebench import files
from densebench.data.images import Decoded, Treatment
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from densebench.data.images import Pixels

_TREATMENTS = tuple(field.name for field in dataclasses.fields(Treatment))


def cache_directory() -> Path:
    """$DENSEBENCH_DATA, else the user's cache (on Linux $XDG_CACHE_HOME or ~/.cache); made if it is not there."""
    own = os.environ.get("DENSEBENCH_DATA")
    directory = Path(os.path.expanduser(own)) if own else user_cache_path("densebench")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(
            f"The cache directory {str(directory)!r} cannot be made ({error.strerror}): set DENSEBENCH_DATA to another."
        ) from None
    return directory


def cache_images(name: str, images: int, decode: Callable[[], Decoded]) -> Decoded:
    """The images cached as ``name``, else those decoded now; damaged files are replaced, an unwritable cache ignored.

    Nothing is cached if an image could not be read: the next time it may be readable.
    """
    try:
        path = cache_directory() / f"{name}.npz"
    except DatasetError:
        return decode()
    cached = _read(path, images)
    if cached is not None:
        return cached
    decoded = decode()
    if not decoded.bad:
        with suppress(OSError):
            _write(path, decoded)
    return decoded


def _read(path: Path, images: int) -> Decoded | None:
    """The images if the file is intact (its CRC-32 is checked) and has that many of them."""
    import numpy as np

    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            pixels: Pixels = archive["pixels"]
            counts = [int(count) for count in archive["treatment"]]
            treatment = Treatment(**dict(zip(_TREATMENTS, counts, strict=True)))
    except Exception:  # zip, NumPy and the operating system have many ways to say that a file is damaged
        return None
    fits = pixels.dtype == np.uint8 and pixels.ndim == 4 and len(pixels) == images and pixels.shape[3] == 3
    return Decoded(pixels=pixels, kept=np.arange(images), treatment=treatment) if fits else None


def _write(path: Path, decoded: Decoded) -> None:
    import numpy as np

    treatment = np.array([getattr(decoded.treatment, name) for name in _TREATMENTS], np.int64)
    files.remove_all_abandoned(path.parent)
    with files.replacing(path) as temporary, files.create(temporary) as file:
        np.savez(file, pixels=decoded.pixels, treatment=treatment)
