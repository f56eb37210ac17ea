"""Tests of ``densebench/data/folder/png.py``."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from densebench.data.folder.png import is_sixteen_bit, read_sixteen_bit, scale_transparent_grey

VALUES = np.random.default_rng(0).integers(0, 65536, (5, 7, 4)).astype(np.uint16)
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels


def write_png(values: np.ndarray, *, bits: int = 16, transparent: bytes = b"") -> Image.Image:
    """A PNG written by hand and opened; values are (H, W, channels), of 16 bits or already packed rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    height, width, channels = values.shape
    packed = values.astype(">u2" if bits == 16 else np.uint8)
    width = width * 8 // bits if bits < 8 else width
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, COLOUR_TYPES[channels], 0, 0, 0])
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    parts = [chunk(b"IHDR", header)]
    parts += [chunk(b"tRNS", transparent)] if transparent else []
    parts += [chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(parts)))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_sixteen_bits_is_scaled_to_the_nearest_of_eight(channels):
    values = VALUES[..., :channels]
    image = write_png(values)
    assert is_sixteen_bit(image)
    scaled, largest = read_sixteen_bit(image)
    expected = np.floor(values / 257 + 0.5)
    assert np.array_equal(np.asarray(scaled).reshape(values.shape), expected)
    assert largest == values[..., : 1 if channels < 3 else 3].max()


def test_the_ends_of_the_scale_are_kept():
    scaled, _ = read_sixteen_bit(write_png(np.array([[[0, 128, 129], [65535, 65407, 65406]]])))
    assert np.asarray(scaled).tolist() == [[[0, 0, 1], [255, 255, 254]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_is_compared_in_sixteen_bits(channels):
    values = np.array([[[1000] * channels, [1001] * channels]])
    scaled, _ = read_sixteen_bit(write_png(values, transparent=(1000).to_bytes(2, "big") * channels))
    assert scaled.convert("RGBA").getchannel("A").tobytes() == bytes([0, 255])


@pytest.mark.parametrize(("bits", "packed"), [(2, 0b00011011), (4, 0x12)])
def test_a_transparent_grey_of_few_bits_is_scaled_as_the_pixels_are(bits, packed):
    image = write_png(np.array([[[packed]]]), bits=bits, transparent=(1).to_bytes(2, "big"))
    scale_transparent_grey(image)
    alpha = list(image.convert("RGBA").getchannel("A").tobytes())
    assert alpha == ([255, 0, 255, 255] if bits == 2 else [0, 255])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_eight_bits_are_not_sixteen(mode):
    file = io.BytesIO()
    Image.new(mode, (2, 2)).save(file, format="PNG")
    assert not is_sixteen_bit(Image.open(file))


def test_the_five_and_six_bits_of_a_bitmap_are_not_sixteen():
    header = b"BM" + (70).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = b"".join(number.to_bytes(4, "little") for number in (40, 2, 2))
    info += (1).to_bytes(2, "little") + (16).to_bytes(2, "little") + bytes(24)
    assert not is_sixteen_bit(Image.open(io.BytesIO(header + info + b"\xff\x7f" * 4)))
