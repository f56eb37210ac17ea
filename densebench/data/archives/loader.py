"""``mnist``, ``fashion_mnist`` and ``svhn``: the official images, the grey ones as RGB, all scaled to 32x32.

A mirrored digit is not a digit, so those of MNIST and SVHN are never flipped; a mirrored garment is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from densebench.config import DataConfig
from densebench.data.archives.catalogue import File, Part, Published
from densebench.data.archives.contents import is_unverified, read_content
from densebench.data.archives.finding import Place, find_files
from densebench.data.archives.idx import read_idx
from densebench.data.archives.matlab import read_matlab
from densebench.data.images import DatasetFacts, OnProgress, Source, Split
from densebench.data.resizing import make_rgb, resize
from densebench.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from densebench.data.images import Indices, Pixels

    _Bytes = NDArray[np.uint8]

_IMAGE_SIZE = 32


def describe(dataset: Published) -> DatasetFacts:
    """What is known without the files."""
    return DatasetFacts(
        name=dataset.name,
        classes=len(dataset.class_names),
        image_size=_IMAGE_SIZE,
        train_images=dataset.train.images,
        validation_images=0,
        test_images=dataset.test.images,
    )


def load_source(dataset: Published, config: DataConfig, on_progress: OnProgress) -> Source:
    """All images, found in the cache or ``config.data_dir``, or downloaded."""
    places = find_files(dataset, data_dir=config.data_dir, offline=config.offline, on_progress=on_progress)
    size, total = config.image_size or _IMAGE_SIZE, dataset.train.images + dataset.test.images
    on_progress(f"Reading {dataset.title}", 0, total)
    train = _read_split(dataset, dataset.train, places, size)
    on_progress(f"Reading {dataset.title}", dataset.train.images, total)
    test = _read_split(dataset, dataset.test, places, size)
    on_progress(f"Reading {dataset.title}", total, total)
    return Source(
        name=dataset.name,
        train=train,
        test=test,
        class_names=dataset.class_names,
        flip_allowed=dataset.flip_allowed,
        warnings=_describe_unverified(dataset, places),
    )


def _read_split(dataset: Published, part: Part, places: Mapping[File, Place], image_size: int) -> Split:
    import numpy as np

    pixels, digits = (_read_idx if dataset.form == "idx" else _read_matlab)(part, places)
    images_path, labels_path = places[part.files[0]].path, places[part.files[-1]].path
    side = dataset.image_size
    if pixels.shape[:3] != (part.images, side, side) or pixels.shape[3:] not in ((), (3,)):
        found = f"{len(pixels):,} images of {'x'.join(map(str, pixels.shape[1:]))}"
        raise _describe_damage(images_path, f"{found} instead of {part.images:,} of {side}x{side}")
    if len(digits) != part.images:
        raise _describe_damage(labels_path, f"{len(digits):,} labels instead of {part.images:,}")
    if digits.max() >= len(dataset.class_names):
        raise _describe_damage(labels_path, f"a label outside 0 to {len(dataset.class_names) - 1}")

    def read(chosen: Indices) -> Pixels:
        images = pixels if len(chosen) == len(pixels) else pixels[chosen]
        return resize(make_rgb(images) if images.ndim == 3 else images, image_size)

    return Split(labels=digits.astype(np.int32), read=read)


def _read_idx(part: Part, places: Mapping[File, Place]) -> tuple[_Bytes, _Bytes]:
    """Grey images (N, H, W) and labels (N,), which have a file each."""
    images, labels = (places[file] for file in part.files)
    arrays = []
    for place, dimensions in ((images, 3), (labels, 1)):
        try:
            arrays.append(read_idx(read_content(place), dimensions))
        except ValueError as error:
            raise _describe_damage(place.path, str(error)) from None
    return arrays[0], arrays[1]


def _read_matlab(part: Part, places: Mapping[File, Place]) -> tuple[_Bytes, _Bytes]:
    """Images in RGB (N, H, W, 3) and labels (N,), which have one file."""
    place = places[part.files[0]]
    try:
        return read_matlab(read_content(place))
    except ValueError as error:
        raise _describe_damage(place.path, str(error)) from None


def _describe_unverified(dataset: Published, places: Mapping[File, Place]) -> tuple[str, ...]:
    names = [place.path.name for place in places.values() if is_unverified(place)]
    if not names:
        return ()
    return (
        f"unverified files of {dataset.title}, for checksums are published of the .gz files alone: {len(names)}, "
        f"such as {names[0]!r}",
    )


def _describe_damage(path: object, what: str) -> DatasetError:
    return DatasetError(f"{str(path)!r} is malformed ({what}): download it again.")
