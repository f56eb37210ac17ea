"""Where a metric is shown: the fields of a :class:`~densebench.comparison.metric.Metric` that reporting filters by.

Places are numbers with gaps between them, from left to right or from top to bottom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from densebench.records import BY_THE_CLOCK, Phase


def clocked(place: int) -> dict[Phase, int]:
    """The place in the tables of all measurements by the clock, which show the same."""
    return dict.fromkeys(BY_THE_CLOCK, place)


@dataclass(frozen=True)
class Shown:
    """Where the table of each phase has a column, and how long it keeps it where room is short."""

    places: Mapping[Phase, int] = field(default_factory=dict)
    keep: int = 0  # the column with the lowest goes first
    ratio: int | None = None  # the same of a column beside it: the ratio to the baseline; None: there is none
    orders: tuple[Phase, ...] = ()  # phases whose rows it orders, best first, and whose closing sentence quotes it


@dataclass(frozen=True)
class Bar:
    """The picture of bars that has a panel of the metric, and where in it."""

    picture: str
    place: int = 0


@dataclass(frozen=True)
class Curve:
    """The picture that has a panel of the metric's column epoch by epoch."""

    picture: str
    title: str
    axis: str  # name of the values, with their unit
    leads: bool = False  # its last value orders the legend; an accuracy has a second, enlarged panel


@dataclass(frozen=True)
class Cost:
    """Place among the costs that the page draws test accuracy against, and the picture that does so."""

    place: int
    picture: str | None = None
    in_overview: bool = False  # the overview has the first of these that is known


@dataclass(frozen=True, kw_only=True)
class Display:
    """Where a metric is shown; nowhere unless said, but ``--columns``, CSV and JSON have every metric."""

    table: Shown = Shown()
    interval: Shown | None = None  # of the mean: a further column; on the page, a line below the mean
    judged: tuple[Phase, ...] = ()  # phases whose verdicts are shown
    page_verdict: int | None = None  # place among the verdicts of the page
    listed: int | None = None  # place among the figures of a single run
    cost: Cost | None = None
    bar: Bar | None = None
    curve: Curve | None = None
    axis_unit: str = ""  # where ``show`` has none
