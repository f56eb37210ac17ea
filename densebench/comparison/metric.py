"""One metric: how a figure is made of a run's column, and how two of them are compared."""

from dataclasses import dataclass
from typing import Literal

from densebench.columns import Show
from densebench.comparison.display import Display
from densebench.records import COLUMNS

# How a run's figure is made of its column: the value for the whole run, or one computed from those of the epochs. A
# last value or a sum needs every epoch that it is made of; a median and a maximum leave unknown ones and NaN out.
Over = Literal["run", "last", "median", "max", "sum"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a run. ``kind`` says how two are compared: by their ratio or by their difference."""

    name: str
    column: str  # of COLUMNS
    over: Over
    title: str
    show: Show
    best: Literal["low", "high"]
    kind: Literal["ratio", "difference"]
    exact: bool
    requires_equal: tuple[str, ...]  # columns
    means: str
    needs_end: bool  # says nothing before the run is completed
    stands_in_for: str | None  # a metric: this one is shown and judged only where that one is unknown
    display: Display


def metric(
    column: str,
    over: Over,
    display: Display,
    *,
    name: str | None = None,
    title: str | None = None,
    means: str | None = None,
    requires_equal: tuple[str, ...] = (),
    needs_end: bool = False,
    stands_in_for: str | None = None,
) -> Metric:
    """A metric with title, form and direction of its column."""
    about = COLUMNS[column].about
    is_accuracy = about.show == "percent"
    return Metric(
        name=name or column,
        column=column,
        over=over,
        title=title or about.title,
        show=about.show,
        best=about.best or "low",
        kind="difference" if is_accuracy or column.endswith("_loss") else "ratio",
        exact=about.exact,
        requires_equal=requires_equal,
        means=means or about.means,
        needs_end=needs_end,
        stands_in_for=stands_in_for,
        display=display,
    )
