"""``synthetic``: random pixels in any number and size, for measuring speed. There is nothing in them to learn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from densebench.config import DataConfig
from densebench.data.images import DatasetFacts, Source, Split
from densebench.data.keyed_random import derive_key, draw_bits
from densebench.data.resizing import allocate_pixels

if TYPE_CHECKING:
    from densebench.data.images import Indices, Labels, Pixels

_TRAIN_IMAGES = 1024
_TEST_IMAGES = 256
_IMAGE_SIZE = 32
_CLASSES = 10
_TRAIN_STREAM, _TEST_STREAM = derive_key(0x5E7, 0), derive_key(0x5E7, 1)


def describe(config: DataConfig) -> DatasetFacts:
    """As many images as were asked for; the images held out are added to those of train."""
    return DatasetFacts(
        name="synthetic",
        classes=config.classes or _CLASSES,
        image_size=config.image_size or _IMAGE_SIZE,
        train_images=(config.train_limit or _TRAIN_IMAGES) + config.validation,
        validation_images=0,
        test_images=config.test_limit or _TEST_IMAGES,
    )


def load_source(config: DataConfig) -> Source:
    """Noise whose classes take turns, independent of the pixels."""
    classes, image_size = config.classes or _CLASSES, config.image_size or _IMAGE_SIZE
    train_images = (config.train_limit or _TRAIN_IMAGES) + config.validation
    test_images = config.test_limit or _TEST_IMAGES
    return Source(
        name="synthetic",
        train=Split(labels=_make_labels(train_images, classes), read=partial(_make_noise, _TRAIN_STREAM, image_size)),
        test=Split(labels=_make_labels(test_images, classes), read=partial(_make_noise, _TEST_STREAM, image_size)),
        class_names=tuple(f"class {index}" for index in range(classes)),
        random_labels=True,
    )


def _make_labels(images: int, classes: int) -> Labels:
    import numpy as np

    return (np.arange(images) % classes).astype(np.int32)


def _make_noise(stream: int, image_size: int, chosen: Indices) -> Pixels:
    """Uniform bytes; an image depends on its index alone."""
    import numpy as np

    pixels = allocate_pixels(len(chosen), image_size)
    words = -(-pixels[0].nbytes // 8)
    within = np.arange(words, dtype=np.uint64)
    for position, index in enumerate(chosen):
        noise = draw_bits(stream, within + np.uint64(int(index) * words)).astype("<u8").view(np.uint8)
        pixels[position] = noise[: pixels[0].nbytes].reshape(pixels.shape[1:])
    return pixels
