"""Tests of ``densebench/data/cache.py``."""

from pathlib import Path

import numpy as np
import pytest

from densebench.data.cache import cache_directory, cache_images
from densebench.data.images import BadFile, Decoded, Treatment
from densebench.errors import DatasetError

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8)
TREATMENT = Treatment(transparent=4, animated=3, sixteen_bit=2, dark=1)


class Counted:
    """Decodes the images, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Decoded:
        self.times += 1
        return Decoded(pixels=PIXELS, kept=np.arange(5), treatment=TREATMENT)


def cached_pixels(name: str, images: int, make: Counted) -> np.ndarray:
    """The pixels of what the cache gives."""
    return cache_images(name, images, make).pixels


def test_pixels_are_made_once_and_then_read(private_cache):
    make = Counted()
    for _ in range(3):
        assert np.array_equal(cached_pixels("noise", 5, make), PIXELS)
    assert make.times == 1
    assert [path.name for path in private_cache.iterdir()] == ["noise.npz"]


def test_what_was_done_to_the_images_is_cached_with_them():
    make = Counted()
    assert [cache_images("noise", 5, make).treatment for _ in range(2)] == [TREATMENT, TREATMENT]
    assert make.times == 1


def test_an_entry_of_pixels_alone_is_of_an_older_version_and_is_replaced(private_cache):
    private_cache.mkdir()
    np.savez(private_cache / "noise.npz", pixels=PIXELS)
    make = Counted()
    assert cache_images("noise", 5, make).treatment == TREATMENT
    assert make.times == 1


def test_nothing_is_cached_where_an_image_is_bad(private_cache):
    bad = Decoded(pixels=PIXELS[:4], kept=np.arange(4), bad=(BadFile(path="x.png", complaint="it is bad"),))
    assert cache_images("noise", 5, lambda: bad) is bad
    assert list(private_cache.iterdir()) == []


def test_another_name_is_another_entry():
    make = Counted()
    cached_pixels("one", 5, make)
    cached_pixels("other", 5, make)
    assert make.times == 2


def test_a_flipped_bit_anywhere_is_noticed_and_the_file_is_replaced(private_cache):
    make = Counted()
    cached_pixels("noise", 5, make)
    whole = (private_cache / "noise.npz").read_bytes()
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        (private_cache / "noise.npz").write_bytes(damaged)
        assert np.array_equal(cached_pixels("noise", 5, make), PIXELS)
    assert make.times > 20


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_replaced(content, private_cache):
    private_cache.mkdir()
    (private_cache / "noise.npz").write_bytes(content)
    make = Counted()
    assert np.array_equal(cached_pixels("noise", 5, make), PIXELS)
    assert make.times == 1


@pytest.mark.parametrize("other", [PIXELS[:4], PIXELS.astype(np.int64), PIXELS[..., :1], np.array([{}], object)])
def test_an_archive_of_something_else_is_replaced(other, private_cache):
    private_cache.mkdir()
    np.savez(private_cache / "noise.npz", pixels=other, treatment=np.zeros(4, np.int64))
    assert np.array_equal(cached_pixels("noise", 5, Counted()), PIXELS)


def test_a_full_disk_costs_the_cache_and_nothing_else(private_cache, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert np.array_equal(cached_pixels("noise", 5, Counted()), PIXELS)
    assert list(private_cache.iterdir()) == []


def test_the_directory_is_the_one_that_the_user_set(tmp_path, monkeypatch):
    monkeypatch.setenv("DENSEBENCH_DATA", str(tmp_path / "mine"))
    assert cache_directory() == tmp_path / "mine"
    monkeypatch.delenv("DENSEBENCH_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg" / "densebench"


@pytest.mark.parametrize("relative", ["", "somewhere"])
def test_without_a_proper_setting_it_is_in_the_home_directory(relative, tmp_path, monkeypatch):
    monkeypatch.delenv("DENSEBENCH_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", relative)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == Path(tmp_path, ".cache", "densebench")


def test_a_directory_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DENSEBENCH_DATA", str(tmp_path / "file" / "cache"))
    with pytest.raises(DatasetError, match=r"The cache directory '.*/file/cache' cannot be made .*DENSEBENCH_DATA"):
        cache_directory()


def test_without_a_directory_images_are_decoded_and_not_cached(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DENSEBENCH_DATA", str(tmp_path / "file" / "below"))
    assert np.array_equal(cached_pixels("noise", 5, Counted()), PIXELS)
