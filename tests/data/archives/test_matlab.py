"""Tests of ``densebench/data/archives/matlab.py``."""

import io

import numpy as np
import pytest
from scipy.io import savemat

from densebench.data.archives.matlab import read_matlab

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 5, 3, 3), np.uint8)  # rows, columns, channels, images
LABELS = np.array([[10], [1], [9]], np.uint8)


def matlab(**arrays) -> bytes:
    file = io.BytesIO()
    savemat(file, arrays, do_compression=True)
    return file.getvalue()


def test_images_come_first_and_ten_is_the_digit_zero():
    pixels, labels = read_matlab(matlab(X=PIXELS, y=LABELS))
    assert np.array_equal(pixels[2, 3, 4], PIXELS[3, 4, :, 2])
    assert pixels.flags.c_contiguous
    assert labels.tolist() == [0, 1, 9]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no MATLAB", "Error"),
        (b"", "Error"),
        (matlab(X=PIXELS, y=LABELS)[:400], "Error"),
        (matlab(y=LABELS), "no array 'X' of bytes in 4 dimensions"),
        (matlab(X=PIXELS.astype(float), y=LABELS), "no array 'X' of bytes"),
        (matlab(X=PIXELS[0], y=LABELS), "no array 'X' of bytes in 4 dimensions"),
        (matlab(X=PIXELS), "no array 'y' of bytes in 2 dimensions"),
        (matlab(X=PIXELS, y="labels"), "no array 'y' of bytes"),
        (matlab(X=PIXELS, y=np.ones((3, 2), np.uint8)), "more than one label for an image"),
    ],
)
def test_anything_else_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        read_matlab(data)
