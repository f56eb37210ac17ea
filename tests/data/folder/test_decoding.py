"""Tests of ``densebench/data/folder/decoding.py``."""

import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from densebench.data.checks import refuse_bad_images
from densebench.data.folder.decoding import BadImage, decode_files, decode_square, read_square_side
from densebench.data.images import Decoded, Treatment, ignore_progress
from densebench.errors import DatasetError


def decode(folder: Path, *names: str, image_size: int | None = None) -> np.ndarray:
    decoded = decode_all(folder, *names, image_size=image_size)
    if decoded.bad:
        refuse_bad_images(decoded.bad)
    return decoded.pixels


def decode_all(folder: Path, *names: str, image_size: int | None = None) -> Decoded:
    return decode_files(folder, names, image_size=image_size, like=names[0], on_progress=ignore_progress)


def save(path: Path, size: tuple[int, int] = (8, 8), mode: str = "RGB", colour: object = 0) -> None:
    Image.new(mode, size, colour).save(path)


def png_of_zeros(width: int, height: int, *, bits: int = 1) -> bytes:
    """A grey PNG written by hand: a few kilobytes, whatever its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, 0, 0, 0, 0])
    rows = zlib.compress(bytes((1 + -(-width * bits // 8)) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_png_pixels_come_back_as_they_were(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    for name, image in zip(("a.png", "b.png"), pixels, strict=True):
        Image.fromarray(image).save(tmp_path / name)
    assert np.array_equal(decode(tmp_path, "a.png", "b.png"), pixels)


def test_an_image_in_memory_is_decoded_as_one_on_disk_and_must_have_the_size(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    data = (tmp_path / "image.png").read_bytes()
    assert np.array_equal(decode_square("image 3", data, 8), pixels)
    for wrong, side, complaint in ((data, 9, "is 8x8, not 9x9"), (data[:-20], 8, "is not a readable image")):
        with pytest.raises(BadImage, match=f"^'image 3' {complaint}"):
            decode_square("image 3", wrong, side)


def test_jpeg_is_recognised_by_its_header_whatever_the_name(tmp_path):
    Image.new("RGB", (8, 8), (200, 10, 10)).save(tmp_path / "a.png", format="JPEG")
    assert decode(tmp_path, "a.png").shape == (1, 8, 8, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_eight_bits_becomes_rgb(mode, tmp_path):
    save(tmp_path / "a.png", mode=mode, colour={"LA": (0, 255), "RGBA": (0, 0, 0, 255)}.get(mode, 0))
    assert decode(tmp_path, "a.png").tolist() == np.zeros((1, 8, 8, 3)).tolist()


def test_a_transparent_image_is_put_on_white_and_counted(tmp_path):
    save(tmp_path / "a.png", mode="RGBA", colour=(10, 20, 30, 0))
    save(tmp_path / "b.png", mode="RGBA", colour=(10, 20, 30, 255))
    decoded = decode_all(tmp_path, "a.png", "b.png")
    assert decoded.pixels[:, 0, 0].tolist() == [[255, 255, 255], [10, 20, 30]]
    assert decoded.treatment == Treatment(transparent=1)


@pytest.mark.parametrize("suffix", ["png", "jpg", "jfif", "webp", "bmp", "gif"])
def test_every_format_is_read(suffix, tmp_path):
    Image.new("RGB", (8, 8), (200, 10, 10)).save(tmp_path / f"a.{suffix}")
    pixel = decode(tmp_path, f"a.{suffix}")[0, 4, 4].astype(int)
    assert np.abs(pixel - (200, 10, 10)).max() < 5


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
def test_the_first_frame_of_an_animation_is_taken_and_counted(suffix, tmp_path):
    frames = [Image.new("RGB", (8, 8), (value, value, value)) for value in (0, 255, 128)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    decoded = decode_all(tmp_path, f"a.{suffix}")
    assert (decoded.pixels == 0).all()
    assert decoded.treatment == Treatment(animated=1)


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_a_tiff_is_not_read_by_any_name(name, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / name, format="TIFF")
    with pytest.raises(DatasetError, match="is not a readable image"):
        decode(tmp_path, name)


def test_an_image_lies_as_its_orientation_says(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(decode(tmp_path, "a.png")[0], np.rot90(pixels, -1))


def test_bad_images_are_listed_and_the_others_decoded(tmp_path):
    for name, colour in (("a.png", (1, 1, 1)), ("c.png", (3, 3, 3))):
        save(tmp_path / name, colour=colour)
    (tmp_path / "b.png").write_bytes(b"just text")
    (tmp_path / "d.png").write_bytes(png_of_zeros(5_000, 5_000))
    decoded = decode_all(tmp_path, "a.png", "b.png", "c.png", "d.png")
    assert decoded.kept.tolist() == [0, 2]
    assert decoded.pixels[:, 0, 0, 0].tolist() == [1, 3]
    assert [file.complaint.split("'")[2] for file in decoded.bad] == [
        " is not a readable image (unknown content)",
        " is 5000x5000, more than 16,777,216 pixels",
    ]


def test_images_are_resized_when_a_size_is_given_whatever_their_shape(tmp_path):
    save(tmp_path / "a.png", size=(9, 4), colour=(5, 6, 7))
    save(tmp_path / "b.png", size=(30, 30), colour=(5, 6, 7))
    pixels = decode(tmp_path, "a.png", "b.png", image_size=6)
    assert pixels.shape == (2, 6, 6, 3)
    assert (pixels == (5, 6, 7)).all()


def test_progress_ends_at_the_number_of_images(tmp_path):
    save(tmp_path / "a.png")
    reported: list[tuple[int, int | None]] = []
    decode_files(
        tmp_path,
        ["a.png"],
        image_size=None,
        like="a.png",
        on_progress=lambda _, done, total: reported.append((done, total)),
    )
    assert reported == [(0, 1), (1, 1)]


def test_mixed_sizes_are_refused_naming_both_files(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", size=(8, 9))
    with pytest.raises(DatasetError, match=r"'.*/b.png' is 8x9 but '.*/a.png' is 8x8: give --image-size"):
        decode(tmp_path, "a.png", "b.png")


def test_an_image_that_is_no_square_is_refused_unless_a_size_is_given(tmp_path):
    save(tmp_path / "a.png", size=(8, 9))
    with pytest.raises(DatasetError, match=r"a.png' is 8x9, not a square: give --image-size"):
        read_square_side(tmp_path / "a.png")


def test_sixteen_bits_are_scaled_and_counted_and_so_are_those_that_become_dark(tmp_path):
    for name, value in (("dark.png", 4095), ("light.png", 4096)):
        Image.fromarray(np.full((8, 8), value, np.uint16)).save(tmp_path / name)
    decoded = decode_all(tmp_path, "dark.png", "light.png")
    assert decoded.pixels[:, 0, 0].tolist() == [[16] * 3, [16] * 3]
    assert decoded.treatment == Treatment(sixteen_bit=2, dark=1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text",
        b"GIF89a" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        png_of_zeros(8, 8)[:-25],
        png_of_zeros(8, 8)[:40],
    ],
)
def test_a_file_that_is_no_image_is_named(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DatasetError, match=r"'.*/a.png' is not a readable image \(.+\): repair or remove it"):
        decode(tmp_path, "a.png")


def test_a_truncated_jpeg_is_named(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-200])
    with pytest.raises(DatasetError, match=r"a.jpg' is not a readable image"):
        decode(tmp_path, "a.jpg")


def test_a_vanished_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"a.png' is not a readable image .*No such file"):
        decode(tmp_path, "a.png", image_size=8)


@pytest.mark.parametrize("side", [5_000, 10_000, 14_000])
def test_a_decompression_bomb_is_refused_by_its_header(side, tmp_path):
    (tmp_path / "bomb.png").write_bytes(png_of_zeros(side, side))
    with pytest.raises(DatasetError, match=r"bomb.png' is "):
        decode(tmp_path, "bomb.png", image_size=8)


def test_a_decompression_bomb_takes_no_memory(tmp_path):
    """14,000 x 14,000 pixels would take 588 MB as RGB."""
    (tmp_path / "bomb.png").write_bytes(png_of_zeros(14_000, 14_000))
    code = f"""
from pathlib import Path
from densebench.data.checks import refuse_bad_images
from densebench.data.folder.decoding import decode_files
from densebench.errors import DatasetError
from densebench.measuring.host import read_host_peak_bytes
try:
    decode_files(Path({str(tmp_path)!r}), ["bomb.png"], image_size=8, like="bomb.png", on_progress=print)
except DatasetError:
    print(read_host_peak_bytes())
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(output.split()[-1]) < 200_000_000
