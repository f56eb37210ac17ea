"""The front of accuracy against a cost: rows that no comparable row beats at once in both."""

import dataclasses
from collections.abc import Sequence

from densebench.reporting.comparability import comparable
from densebench.reporting.metrics import METRICS, Metric
from densebench.reporting.rows import Row

ACCURACY = METRICS["test_accuracy"]


def with_front(rows: Sequence[Row], cost: Metric) -> list[Row]:
    """The rows with the front marked, by their means; a row that lacks a figure is neither on it nor dominated."""
    return [placed(row, rows, cost) for row in rows]


def placed(row: Row, rows: Sequence[Row], cost: Metric) -> Row:
    if point(row, cost) is None or row.phase != "train":
        return row
    better = [other for other in rows if dominates(other, row, cost)]
    best = max(better, key=lambda other: point(other, cost) or (0.0, 0.0), default=None)
    return dataclasses.replace(row, on_front=best is None, dominated_by=best.label if best else None)


def point(row: Row, cost: Metric) -> tuple[float, float] | None:
    """Accuracy and the cost, turned so that more is better in both."""
    accuracy, paid = row.summary(ACCURACY.name).figure, row.summary(cost.name).figure
    if accuracy is None or paid is None or not row.completed:
        return None
    return accuracy, paid if cost.best == "high" else -paid


def dominates(other: Row, row: Row, cost: Metric) -> bool:
    ours, theirs = point(row, cost), point(other, cost)
    if ours is None or theirs is None or other.phase != row.phase:
        return False
    if not comparable(ACCURACY, other, row) or not comparable(cost, other, row):
        return False
    return theirs != ours and all(their >= our for their, our in zip(theirs, ours, strict=True))
