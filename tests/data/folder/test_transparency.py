"""Tests of ``densebench/data/folder/transparency.py``."""

import io

import numpy as np
import pytest
from PIL import Image

from densebench.data.folder.transparency import compose_on_white, is_transparent


def reopen(image: Image.Image, **options: object) -> Image.Image:
    file = io.BytesIO()
    image.save(file, format="PNG", **options)
    return Image.open(file)


def test_half_transparent_colour_lies_half_on_white():
    image = Image.new("RGBA", (2, 2), (100, 0, 0, 51))
    assert compose_on_white(image).getpixel((0, 0)) == (224, 204, 204)


@pytest.mark.parametrize(("mode", "colour"), [("LA", (40, 0)), ("RGBA", (40, 40, 40, 0)), ("PA", (40, 0))])
def test_an_alpha_channel_is_seen(mode, colour):
    image = Image.new(mode, (2, 2), colour)
    assert is_transparent(image)
    assert compose_on_white(image).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_transparent_colour_of_a_png_is_seen(mode):
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), (9, 9, 9) if mode == "RGB" else 1)
    stored = reopen(image, transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert is_transparent(stored)
    composed = compose_on_white(stored)
    assert composed.getpixel((0, 0)) == (255, 255, 255)
    assert composed.getpixel((1, 0)) == image.convert("RGB").getpixel((1, 0))


def test_a_palette_with_an_alpha_for_each_colour_is_seen():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([0, 0, 0, 200, 100, 0])
    image.putpixel((1, 0), 1)
    composed = compose_on_white(reopen(image, transparency=b"\x33\xff"))
    assert composed.getpixel((0, 0)) == (204, 204, 204)
    assert composed.getpixel((1, 0)) == (200, 100, 0)


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (1, 2, 3)), ("RGBA", (1, 2, 3, 255)), ("LA", (7, 255)), ("L", 7)])
def test_an_opaque_image_is_not_transparent_and_keeps_its_colours(mode, colour):
    image = Image.new(mode, (2, 2), colour)
    assert not is_transparent(image)
    assert np.array_equal(compose_on_white(image), image.convert("RGB"))
