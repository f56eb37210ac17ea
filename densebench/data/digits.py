"""``digits``: the 1,797 handwritten digits that come with scikit-learn (UCI Optdigits test set, CC BY 4.0).

8x8 grey images with values 0 to 16, here 0 to 255 and enlarged bilinearly to RGB. A mirrored digit is not a digit, so
they are never flipped.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.data.images import DatasetFacts, Source, Split
from densebench.data.keyed_random import derive_key
from densebench.data.resizing import make_rgb, resize
from densebench.data.selection import hold_out

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from densebench.data.images import Indices, Labels, Pixels

_IMAGES = 1797
_TEST_IMAGES = 360
IMAGE_SIZE = 32
_FILE = ("datasets", "data", "digits.csv.gz")  # in scikit-learn
_SPLIT_STREAM = derive_key(0x0D161715)


def describe() -> DatasetFacts:
    """What is known without loading scikit-learn."""
    return DatasetFacts(
        name="digits",
        classes=10,
        image_size=IMAGE_SIZE,
        train_images=_IMAGES - _TEST_IMAGES,
        validation_images=0,
        test_images=_TEST_IMAGES,
    )


def load_source(image_size: int) -> Source:
    """All digits in a fixed split, 36 of each class in test."""
    pixels, labels = _load_small()
    train, test = hold_out(labels, _TEST_IMAGES, _SPLIT_STREAM)

    def part(members: Indices) -> Split:
        return Split(labels=labels[members], read=lambda chosen: resize(pixels[members[chosen]], image_size))

    return Source(
        name="digits",
        train=part(train),
        test=part(test),
        class_names=tuple(str(digit) for digit in range(10)),
        flip_allowed=False,
    )


def _load_small() -> tuple[Pixels, Labels]:
    """All images as 8x8 RGB, and their labels."""
    import numpy as np

    table = _read_table()
    grey = np.rint(table[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return make_rgb(grey), table[:, -1].astype(np.int32)


def _read_table() -> NDArray[np.float64]:
    """A row for each image: its 64 values and its label.

    From scikit-learn's file, for to import scikit-learn takes a second; by scikit-learn where the file is elsewhere.
    """
    import numpy as np

    spec = find_spec("sklearn")
    for folder in spec.submodule_search_locations or () if spec else ():
        file = Path(folder, *_FILE)
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.column_stack([digits.data, digits.target])
