"""The front of accuracy against a cost: rows that no comparable row beats at once in both."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.comparability import get_terms
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import Row

ACCURACY = METRICS["test_accuracy"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A row's place by its means; of ``paid`` less is better."""

    index: int
    accuracy: float
    paid: float


def mark_front(rows: Sequence[Row], cost: Metric) -> list[Row]:
    """The rows with the front marked; a row that lacks a figure is neither on it nor dominated."""
    together: dict[tuple[object, ...], list[Point]] = {}
    for index, row in enumerate(rows):
        if (point := _point_of(index, row, cost)) is not None:
            together.setdefault((get_terms(ACCURACY, row), get_terms(cost, row)), []).append(point)
    found = list(rows)
    for points in together.values():
        for point, better in find_dominators(points):
            label = rows[better.index].label if better else None
            found[point.index] = dataclasses.replace(rows[point.index], on_front=better is None, dominated_by=label)
    return found


def _point_of(index: int, row: Row, cost: Metric) -> Point | None:
    accuracy, paid = row.summary(ACCURACY.name).figure, row.summary(cost.name).figure
    if row.phase != "train" or not row.completed or accuracy is None or paid is None:
        return None
    return Point(index=index, accuracy=accuracy, paid=paid if cost.best == "low" else -paid)


def find_dominators(points: Sequence[Point]) -> list[tuple[Point, Point | None]]:
    """Each point with one that dominates it: from the most accurate on, the cheapest so far does if any does."""
    found: list[tuple[Point, Point | None]] = []
    cheapest: Point | None = None
    for point in sorted(points, key=lambda point: (-point.accuracy, point.paid)):
        equal = cheapest is not None and (cheapest.accuracy, cheapest.paid) == (point.accuracy, point.paid)
        if cheapest is None or point.paid < cheapest.paid or equal:
            found.append((point, None))
            cheapest = point
        else:
            found.append((point, cheapest))
    return found
