"""The Pareto fronts of any cost, one for each set of rows that may be compared with one another."""

import dataclasses
from collections.abc import Sequence

from densebench.comparison.comparability import get_terms
from densebench.comparison.metrics import METRICS
from densebench.comparison.pareto import ACCURACY, mark_front
from densebench.comparison.values import Row


def fronts(rows: Sequence[Row], cost: str) -> list[list[int]]:
    """Places in ``rows`` of those on a front, the cheapest first; rows that may not be compared form different ones."""
    unmarked = [dataclasses.replace(row, on_front=False) for row in rows]
    found: dict[tuple[object, ...], list[int]] = {}
    for place, row in enumerate(mark_front(unmarked, METRICS[cost])):
        if row.on_front:
            found.setdefault((get_terms(ACCURACY, row), get_terms(METRICS[cost], row)), []).append(place)
    return [sorted(front, key=lambda place: rows[place].summary(cost).figure or 0.0) for front in found.values()]


def stands_in_scatter(row: Row) -> bool:
    """Whether its accuracy is that of a finished training, measured here or published."""
    return row.phase == "published" or (row.phase == "train" and row.completed)
