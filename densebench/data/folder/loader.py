"""``folder:PATH``: the user's own PNG and JPEG files, decoded once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.config import DataConfig
from densebench.data.cache import cached_pixels
from densebench.data.folder.decoding import decode_files, read_square_side
from densebench.data.folder.listing import ImageFile, Listing, list_folder
from densebench.data.images import DatasetFacts, OnProgress, Source, Split
from densebench.errors import InputError

if TYPE_CHECKING:
    from densebench.data.images import Indices, Pixels

PREFIX = "folder:"
_RESERVED = ("cifar10", "cifar100", "digits", "synthetic")


def describe(config: DataConfig) -> DatasetFacts:
    """What the names of the files and the header of the first say."""
    listing = _list(config)
    return DatasetFacts(
        name=_choose_name(config),
        classes=len(listing.class_names),
        image_size=config.image_size or read_square_side(listing.root / listing.train[0].path),
        train_images=len(listing.train),
        validation_images=0,
        test_images=len(listing.test),
    )


def load_source(config: DataConfig, on_progress: OnProgress) -> Source:
    """The folder's images; only those that are asked for are decoded."""
    import numpy as np

    listing = _list(config)

    def part(files: Sequence[ImageFile]) -> Split:
        def read(chosen: Indices) -> Pixels:
            return _read_pixels(listing, [files[index] for index in chosen], config.image_size, on_progress)

        return Split(labels=np.array([file.label for file in files], np.int32), read=read)

    return Source(
        name=_choose_name(config),
        train=part(listing.train),
        test=part(listing.test),
        class_names=listing.class_names,
        skipped=listing.skipped,
    )


def _list(config: DataConfig) -> Listing:
    return list_folder(_parse_path(config), config.test_fraction)


def _parse_path(config: DataConfig) -> Path:
    path = config.dataset.removeprefix(PREFIX)
    if not path:
        raise InputError("The dataset 'folder:' names no folder: write its path after the colon.")
    return Path(os.path.expanduser(path))


def _choose_name(config: DataConfig) -> str:
    """The folder's own name, never its path; the name of a built-in dataset stays that dataset's."""
    name = os.path.basename(os.path.abspath(_parse_path(config)))
    return f"{name}-folder" if name in _RESERVED or not name else name


def _read_pixels(
    listing: Listing, files: Sequence[ImageFile], image_size: int | None, on_progress: OnProgress
) -> Pixels:
    first = listing.train[0]
    return cached_pixels(
        f"folder-{_derive_cache_key(listing.root, (first, *files), image_size)}",
        len(files),
        lambda: decode_files(
            listing.root,
            [file.path for file in files],
            image_size=image_size,
            like=first.path,
            on_progress=on_progress,
        ),
    )


def _derive_cache_key(root: Path, files: Sequence[ImageFile], image_size: int | None) -> str:
    """Changes whenever a file, its size or its time does, or the decoder."""
    from PIL import __version__ as pillow
    from PIL.features import version_codec

    digest = hashlib.sha256(os.fsencode(root))
    digest.update(f"{image_size} {pillow} {version_codec('jpg')} {version_codec('zlib')}".encode())
    for file in files:
        digest.update(os.fsencode(f"\0{file.path}\0{file.size} {file.modified_ns}"))
    return digest.hexdigest()[:32]
