"""What a picture draws of a row: a colour, a dash, and its curves averaged over the seeds. No drawing here."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from densebench.comparison.grouping import find_differing
from densebench.comparison.values import Comparison, Row, get_settings
from densebench.records import Run
from densebench.reporting.figures.style import LONGEST_NAME

_Dash = tuple[float, tuple[float, ...]]  # offset, then on and off, in points

# After Okabe and Ito, without the yellow. Three colours are darker than theirs, so that all have a contrast of 3:1 on
# white; colour-blind readers still tell them apart (tests/reporting/figures/test_series.py).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#C46A9B", "#6B4A00", "#3A2E8C", "#444444")
_DASHES: tuple[_Dash, ...] = (
    (0, ()),  # solid
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a row looks in every picture and on the page: places in the lists above."""

    colour: int
    dash: int
    marker: int


@dataclass(frozen=True, kw_only=True)
class Series:
    """A row of the comparison with its place there and its look."""

    row: Row
    label: str  # short, as pictures have little room
    index: int
    look: Look

    @property
    def published(self) -> bool:
        return self.row.phase == "published"

    @property
    def colour(self) -> str:
        return COLOURS[self.look.colour]

    @property
    def dash(self) -> _Dash:
        return _DASHES[self.look.dash]

    @property
    def marker(self) -> str:
        return _MARKERS[self.look.marker]


def list_series(comparison: Comparison) -> list[Series]:
    rows = comparison.rows
    names = shorten_names([row.label for row in rows])
    looks = choose_looks(rows)
    return [Series(row=rows[index], label=name, index=index, look=looks[index]) for index, name in enumerate(names)]


def choose_looks(rows: Sequence[Row]) -> list[Look]:
    """One colour a network, one dash and marker for each of its settings; of a single network, settings have colours.

    Beyond the number of colours, networks share them with other dashes and markers.
    """
    networks, settings = _number([get_settings(row, "variant") for row in rows]), _number(_list_settings(rows))
    several = max(settings, default=0) + 1
    if max(networks, default=0) == 0:
        networks, settings, several = settings, [0] * len(rows), 1
    looks = []
    for network, setting in zip(networks, settings, strict=True):
        pattern = setting + several * (network // len(COLOURS))
        marker = pattern if several > 1 else network + pattern  # markers that tell no settings apart tell networks
        looks.append(Look(colour=network % len(COLOURS), dash=pattern % len(_DASHES), marker=marker % len(_MARKERS)))
    return looks


def _list_settings(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """What tells the rows of a network apart within a phase, backend and device above all; those alike are counted.

    Published rows, which are drawn hollow, count as if they had the settings of the first that was measured.
    """
    measured = [row for row in rows if row.phase != "published"]
    phases = [[row for row in measured if row.phase == phase] for phase in dict.fromkeys(row.phase for row in measured)]
    differing = dict.fromkeys(column for alike in phases for column in find_differing(alike) if column != "status")
    seen: Counter[tuple[object, ...]] = Counter()
    found: list[tuple[object, ...]] = []
    for row in rows:
        like = row if row.phase != "published" or not measured else measured[0]
        settings = tuple(get_settings(like, column) for column in differing)
        alike = (row.phase, get_settings(row, "variant"), settings)
        found.append((settings, seen[alike]))
        seen[alike] += 1
    return found


def _number(values: Sequence[object]) -> list[int]:
    """The place of each value among the different ones."""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return [places[value] for value in values]


def unfinished(row: Row) -> str:
    """What became of the first of its runs that did not complete; empty if all did."""
    return next((run.status for run in row.runs if run.status != "completed"), "")


def shorten_names(names: Sequence[str]) -> list[str]:
    """The names without the parts that all begin or all end with: of ``a-100x12-s0`` and ``a-40x12-s0`` the middle.

    Of settings that are still too long for a picture, those are kept that tell a name from the others.
    """
    if len(set(names)) < 2:
        return list(names)
    separator = " · " if any(" · " in name for name in names) else "-"
    parts = [name.split(separator) for name in names]
    first = _shared(parts)
    last = _shared([list(reversed(each[first:])) for each in parts])
    middles = [each[first : len(each) - last] for each in parts]
    if separator == " · " and any(len(separator.join(each)) > LONGEST_NAME for each in middles):
        middles = [_keep_telling(each, [other for other in middles if other != each]) for each in middles]
    return [separator.join(each) for each in middles]


def _keep_telling(own: Sequence[str], others: Sequence[Sequence[str]]) -> list[str]:
    """The first part, and those of the further ones that some of the others lack which have all that is kept before."""
    kept, alike = [own[0]], [other for other in others if own[0] in other]
    for part in own[1:]:
        if any(part not in other for other in alike):
            kept.append(part)
            alike = [other for other in alike if part in other]
    return kept


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
