"""The user's cache directory: downloaded archives and decoded folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from densebench import files
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from densebench.data.images import Pixels


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


def cached_pixels(name: str, images: int, make: Callable[[], Pixels]) -> Pixels:
    """The pixels cached as ``name``, else those made now; damaged files are replaced, an unwritable cache ignored."""
    path = cache_directory() / f"{name}.npz"
    pixels = _read(path, images)
    if pixels is None:
        pixels = make()
        with suppress(OSError):
            _write(path, pixels)
    return pixels


def _read(path: Path, images: int) -> Pixels | None:
    """The pixels if the file is intact (its CRC-32 is checked) and has that many images."""
    import numpy as np

    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            pixels: Pixels = archive["pixels"]
    except Exception:  # zip, NumPy and the operating system have many ways to say that a file is damaged
        return None
    fits = pixels.dtype == np.uint8 and pixels.ndim == 4 and len(pixels) == images and pixels.shape[3] == 3
    return pixels if fits else None


def _write(path: Path, pixels: Pixels) -> None:
    import numpy as np

    files.remove_all_abandoned(path.parent)
    with files.replacing(path) as temporary, files.create(temporary) as file:
        np.savez(file, pixels=pixels)
