"""The Pareto fronts of any cost, one for each set of rows that may be compared with one another."""

from collections.abc import Sequence

from densebench.reporting.comparability import comparable
from densebench.reporting.metrics import METRICS
from densebench.reporting.pareto import with_front
from densebench.reporting.rows import Row

COSTS = (
    "epoch_seconds",
    "total_seconds",
    "time_to_target_seconds",
    "gpu_peak_bytes",
    "host_peak_bytes",
    "energy_joules",
    "params",
    "forward_macs",
)


def fronts(rows: Sequence[Row], cost: str) -> list[list[int]]:
    """Places in ``rows`` of those on a front, the cheapest first; rows of different hardware form different fronts."""
    marked = with_front(rows, METRICS[cost])
    found: list[list[int]] = []
    for place, row in enumerate(marked):
        if row.on_front:
            together = next((front for front in found if _alike(cost, marked[front[0]], row)), None)
            if together is None:
                found.append([place])
            else:
                together.append(place)
    return [sorted(front, key=lambda place: rows[place].summary(cost).figure or 0.0) for front in found]


def _alike(cost: str, row: Row, other: Row) -> bool:
    return comparable(METRICS[cost], row, other) and comparable(METRICS["test_accuracy"], row, other)
