"""What a picture draws of a row: a colour, a dash, and its curves averaged over the seeds. No drawing here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from densebench.comparison.values import Comparison, Row
from densebench.records import Run

_Dash = tuple[float, tuple[float, ...]]  # offset, then on and off, in points

# Okabe and Ito's palette without its yellow, which is lost on white; then the same colours with other dashes
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444")
DASHES: tuple[_Dash, ...] = (
    (0, ()),  # solid
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True, kw_only=True)
class Series:
    """A row of the comparison with the place in it that decides its colour in every picture."""

    row: Row
    label: str  # short, as pictures have little room
    index: int

    @property
    def published(self) -> bool:
        return self.row.phase == "published"

    @property
    def colour(self) -> str:
        return COLOURS[self.index % len(COLOURS)]

    @property
    def dash(self) -> _Dash:
        return DASHES[self.index // len(COLOURS) % len(DASHES)]

    @property
    def marker(self) -> str:
        return MARKERS[(self.index + self.index // len(COLOURS)) % len(MARKERS)]


def series_of(comparison: Comparison) -> list[Series]:
    rows = comparison.rows
    names = shorten_names([row.label for row in rows])
    return [Series(row=rows[index], label=name, index=index) for index, name in enumerate(names)]


def unfinished(row: Row) -> str:
    """What became of the first of its runs that did not complete; empty if all did."""
    return next((run.status for run in row.runs if run.status != "completed"), "")


def shorten_names(names: Sequence[str]) -> list[str]:
    """The names without the parts that all begin or all end with: of ``a-100x12-s0`` and ``a-40x12-s0`` the middle."""
    if len(set(names)) < 2:
        return list(names)
    separator = " · " if any(" · " in name for name in names) else "-"
    parts = [name.split(separator) for name in names]
    first = _shared(parts)
    last = _shared([list(reversed(each[first:])) for each in parts])
    return [separator.join(each[first : len(each) - last]) for each in parts]


def _shared(parts: Sequence[list[str]]) -> int:
    """How many parts all begin with; at least one part of each is left."""
    most = min(len(each) for each in parts) - 1
    return next((place for place in range(most) if len({each[place] for each in parts}) > 1), max(most, 0))


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Mean, lowest and highest value over the seeds, at each epoch; ``x`` is the mean of theirs."""

    epochs: list[int]
    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]


def curve(runs: Sequence[Run], x: str, y: str, *, scale: float = 1.0) -> Curve:
    """The curve of a column of the epochs, over those epochs that every run has, so that no seed drops out midway."""
    by_epoch = [points(run, x, y) for run in runs]
    by_epoch = [found for found in by_epoch if found]
    shared = sorted(set.intersection(*(set(found) for found in by_epoch))) if by_epoch else []
    drawn = Curve(epochs=shared, x=[], mean=[], low=[], high=[])
    for epoch in shared:
        values = [found[epoch][1] * scale for found in by_epoch]
        drawn.x.append(math.fsum(found[epoch][0] for found in by_epoch) / len(by_epoch))
        drawn.mean.append(math.fsum(values) / len(values))
        drawn.low.append(min(values))
        drawn.high.append(max(values))
    return drawn


def tail(run: Run, after: int, x: str, y: str, *, scale: float = 1.0) -> tuple[list[float], list[float]]:
    """What one run has from the last epoch on that all seeds share."""
    found = [point for epoch, point in points(run, x, y).items() if epoch >= after]
    return [place for place, _ in found], [value * scale for _, value in found]


def points(run: Run, x: str, y: str) -> dict[int, tuple[float, float]]:
    """``{epoch: (x, y)}`` where both are known and finite."""
    found = {}
    for record in run.records:
        place, value = getattr(record, x), getattr(record, y)
        if record.epoch is not None and _is_known(place) and _is_known(value):
            found[record.epoch] = (float(place), float(value))
    return found


def _is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
