"""Mean and standard deviation of images, exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from densebench.data.images import PerChannel

if TYPE_CHECKING:
    from densebench.data.images import Pixels

CHUNK = 1 << 18  # values counted at once: a bounded copy of them as integers


def compute_mean_and_deviation(pixels: Pixels) -> tuple[PerChannel, PerChannel]:
    """Mean and population standard deviation of each channel on 0..255, from exact integer sums.

    A channel without any variation has deviation 1: standardised, it is 0 throughout.
    """
    (red_mean, red), (green_mean, green), (blue_mean, blue) = (
        _compute_of_channel(pixels, channel) for channel in range(3)
    )
    return (red_mean, green_mean, blue_mean), (red, green, blue)


def _compute_of_channel(pixels: Pixels, channel: int) -> tuple[float, float]:
    import numpy as np

    values = pixels.reshape(-1, 3)[:, channel]
    counts = np.zeros(256, np.int64)
    for begin in range(0, len(values), CHUNK):
        counts += np.bincount(values[begin : begin + CHUNK], minlength=256)
    histogram = [int(count) for count in counts]
    number = sum(histogram)
    total = sum(value * count for value, count in enumerate(histogram))
    squares = sum(value * value * count for value, count in enumerate(histogram))
    variance = (number * squares - total * total) / number**2
    return total / number, math.sqrt(variance) or 1.0
