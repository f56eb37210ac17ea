"""Tests of ``densebench/data/resizing.py``."""

import numpy as np
import psutil
import pytest

from densebench.data.resizing import allocate_pixels, resize
from densebench.errors import InputError


def test_images_that_fit_stay_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 6, 3), np.uint8)
    assert np.array_equal(resize(pixels, 6), pixels)


@pytest.mark.parametrize("size", [1, 5, 12])
def test_images_get_the_size_asked_for_and_plain_colours_stay_plain(size):
    pixels = np.full((2, 6, 6, 3), (10, 200, 77), np.uint8)
    found = resize(pixels, size)
    assert found.shape == (2, size, size, 3)
    assert found.flags.c_contiguous
    assert (found == (10, 200, 77)).all()


def test_images_that_exceed_the_free_memory_are_refused_before_it_is_taken(monkeypatch):
    memory = type("Memory", (), {"available": 2**30})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    with pytest.raises(
        InputError, match=r"1,000,000 images of 32x32 need 2.9 GiB of memory, of which 1.0 GiB are free"
    ):
        allocate_pixels(1_000_000, 32)
