"""``folder:PATH``: the user's own image files, decoded once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.config import DATASETS, DataConfig
from densebench.data.cache import cache_images
from densebench.data.folder.decoding import BadImage, decode_files, read_square_side
from densebench.data.folder.listing import ImageFile, Listing, list_folder
from densebench.data.images import DatasetFacts, Decoded, OnProgress, Source, Split
from densebench.errors import InputError

if TYPE_CHECKING:
    from densebench.data.images import Indices

PREFIX = "folder:"
_DECODING = 2  # to be raised whenever a file is decoded to other pixels than before


def describe(config: DataConfig) -> DatasetFacts:
    """What the names of the files and the header of the first that is readable say."""
    listing = _list(config)
    return DatasetFacts(
        name=_choose_name(config),
        classes=len(listing.class_names),
        image_size=config.image_size or read_square_side(listing.root / _find_readable(listing)),
        train_images=len(listing.train),
        validation_images=len(listing.validation),
        test_images=len(listing.test),
        takes_test_fraction=True,
        warnings=_describe_listing(listing),
    )


def load_source(config: DataConfig, on_progress: OnProgress) -> Source:
    """The folder's images; only those that are asked for are decoded."""
    import numpy as np

    listing = _list(config)
    like = "" if config.image_size else _find_readable(listing)
    size = f"{config.image_size}" if config.image_size else f"as {like} {read_square_side(listing.root / like)}"

    def part(files: Sequence[ImageFile]) -> Split:
        def read(chosen: Indices) -> Decoded:
            asked = [files[index] for index in chosen]
            return cache_images(
                f"folder-{_derive_cache_key(listing.root, asked, size)}",
                len(asked),
                lambda: decode_files(
                    listing.root,
                    [file.path for file in asked],
                    image_size=config.image_size,
                    like=like,
                    on_progress=on_progress,
                ),
            )

        return Split(labels=np.array([file.label for file in files], np.int32), read=read)

    return Source(
        name=_choose_name(config),
        train=part(listing.train),
        validation=part(listing.validation) if listing.validation else None,
        test=part(listing.test),
        class_names=listing.class_names,
        warnings=_describe_listing(listing),
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
    return f"{name}-folder" if name in DATASETS or not name else name


def _describe_listing(listing: Listing) -> tuple[str, ...]:
    """What of the folder is used otherwise than one might expect."""
    warnings = []
    if listing.validation_folder is not None:
        warnings.append(f"validation images from the folder {listing.validation_folder!r}: {len(listing.validation):,}")
    for what, paths in (
        ("entries of the folder skipped (hidden, or no image file)", listing.skipped),
        ("images in folders within a class left out", listing.nested),
    ):
        if paths:
            warnings.append(f"{what}: {len(paths):,}, such as {paths[0]!r}")
    return tuple(warnings)


def _find_readable(listing: Listing) -> str:
    """The first training image whose header can be read, for its size; the first of all if none can."""
    for file in listing.train:
        try:
            read_square_side(listing.root / file.path)
        except BadImage:
            continue
        return file.path
    return listing.train[0].path


def _derive_cache_key(root: Path, files: Sequence[ImageFile], size: str) -> str:
    """Changes whenever a file is edited, moved or replaced, and with the decoder."""
    from PIL import __version__ as pillow
    from PIL.features import version, version_codec

    decoders = f"{pillow} {version_codec('jpg')} {version_codec('zlib')} {version('webp')}"
    digest = hashlib.sha256(os.fsencode(root))
    digest.update(os.fsencode(f"\0{_DECODING} {decoders}\0{size}"))
    for file in files:
        status = f"{file.size} {file.modified_ns} {file.changed_ns} {file.inode}"
        digest.update(os.fsencode(f"\0{file.path}\0{status}"))
    return digest.hexdigest()[:32]
