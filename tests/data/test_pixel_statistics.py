"""Tests of ``densebench/data/pixel_statistics.py``."""

import numpy as np
import pytest

from densebench.data import pixel_statistics
from densebench.data.pixel_statistics import compute_mean_and_deviation


def test_mean_and_deviation_are_those_of_each_channel(monkeypatch):
    monkeypatch.setattr(pixel_statistics, "CHUNK", 7)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8)
    mean, deviation = compute_mean_and_deviation(pixels)
    assert mean == pytest.approx(pixels.mean(axis=(0, 1, 2)), rel=1e-14)
    assert deviation == pytest.approx(pixels.std(axis=(0, 1, 2)), rel=1e-14)


def test_the_figures_are_exact_and_do_not_depend_on_the_order_of_the_images():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 8, 8, 3), np.uint8)
    assert compute_mean_and_deviation(pixels) == compute_mean_and_deviation(pixels[::-1])


def test_a_channel_without_variation_has_deviation_one_so_that_nothing_is_divided_by_zero():
    assert compute_mean_and_deviation(np.full((2, 3, 3, 3), 9, np.uint8)) == ((9.0, 9.0, 9.0), (1.0, 1.0, 1.0))
