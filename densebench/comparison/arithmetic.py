"""Sums and means that neither round in between nor raise, however large the numbers of a file are."""

import math
from collections.abc import Sequence


def total(values: Sequence[float]) -> float:
    """Infinite where the numbers are too large to add, ``nan`` of opposite infinities."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def mean(values: Sequence[float]) -> float:
    return total(values) / len(values)
