"""Tests of ``densebench/data/folder/orientation.py``."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from densebench.data.folder.orientation import turn_upright

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


def store(orientation: int, kind: str) -> Image.Image:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, format=kind, exif=exif)
    return Image.open(file)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_is_as_pillow_shows_it(orientation, kind):
    expected = ImageOps.exif_transpose(store(orientation, kind))
    image = store(orientation, kind)
    assert np.array_equal(turn_upright(image, image), expected)


def test_orientation_6_is_a_camera_held_upright():
    image = store(6, "PNG")
    assert np.array_equal(turn_upright(image, image), np.rot90(PIXELS, -1))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"", b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"nonsense" * 9])
def test_damaged_metadata_turns_nothing(exif):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, format="JPEG", exif=exif)
    image = Image.open(file)
    assert turn_upright(image, image).size == (6, 4)
