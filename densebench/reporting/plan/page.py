"""A plan as one HTML file that loads nothing and runs nothing: heading, table, charts, and the command.

The charts are drawn here; their places are percentages, so that they fit any width while texts keep their size.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.escape import plain
from densebench.prediction.values import Plan
from densebench.reporting.figures.files import write_file
from densebench.reporting.page.page import join_files, open_templates, write_dark, write_policy
from densebench.reporting.plan.chart import Panel, list_panels
from densebench.reporting.plan.formats import format_accuracy
from densebench.reporting.plan.sentences import write_closing, write_heading
from densebench.reporting.plan.tables import make_plan_grid
from densebench.units import format_short
from densebench.version import __version__

_STYLES = ("page.css", "charts.css", "plan.css", "print.css")
_DETAILS = {  # below the figures
    "predicted_total_seconds": "interval",
    "time_to_target_seconds": "target_source",
    "expected_accuracy": "accuracy_source",
}
_ROW, _TOP, _BOTTOM = 46, 8, 40  # pixels: a network, above the first, for the axis
_LEFT, _RIGHT = 2.0, 97.0  # percent of the width, where an axis begins and ends
_MOST_TICKS = 7


@dataclass(frozen=True, kw_only=True)
class _TableRow:
    """A line of the table: each cell with what stands below it."""

    cells: tuple[tuple[str, str], ...]
    dim: bool
    front: bool


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One network of a chart: places in percent of the width, heights in pixels."""

    label: str
    accuracy: str
    text: str
    top: int
    low: float
    middle: float
    high: float
    classes: str


@dataclass(frozen=True, kw_only=True)
class _Chart:
    """One panel as it is drawn."""

    title: str
    axis: str
    height: int
    foot: int  # where the axis lies
    rows: tuple[_Row, ...]
    ticks: tuple[tuple[float, str], ...]
    limits: tuple[float, ...]


def write_plan_page(plan: Plan, target: Path) -> Path:
    """Write the page of a plan; raises :class:`ResultsError` if the file cannot be written."""
    return write_file(target, render_plan(plan).encode(errors="replace"))


def render_plan(plan: Plan) -> str:
    """The whole page; the same plan gives the same bytes."""
    from markupsafe import Markup

    dark = write_dark("screen and (prefers-color-scheme: dark)", ":root")  # no script may run that would choose
    style, panels = f"{join_files(_STYLES)}\n{dark}", list_panels(plan)
    marks = [mark for panel in panels for mark in panel.marks]
    return (
        open_templates()
        .get_template("plan.html.j2")
        .render(
            title=f"Plan for {plain(plan.dataset)}",
            version=__version__,
            policy=write_policy("", style),
            style=Markup(style),  # ours, not data
            heading=plain(" ".join(write_heading(plan))),
            **_make_table(plan),
            closing=[plain(line) for line in write_closing(plan)],
            command=plain(plan.choice.chosen.command) if plan.choice.chosen else "",
            charts=[_make_chart(panel, plan) for panel in panels],
            is_predicted=any(not mark.measured for mark in marks),
            has_front=any(mark.on_front for mark in marks),
            has_limits=any(panel.limits for panel in panels),
        )
    )


def _make_table(plan: Plan) -> dict[str, object]:
    """The columns and rows of the table; what tells more of a column stands in it, and the front is a mark."""
    grid = make_plan_grid(plan)
    named = {column.name: column for column in grid.columns}
    columns = [column for column in grid.columns if column.name not in (*_DETAILS.values(), "on_front")]
    details = [named.get(_DETAILS.get(column.name, "")) for column in columns]
    rows = [
        _TableRow(
            cells=tuple(
                (plain(column.cells[index].text), plain(detail.cells[index].text) if detail else "")
                for column, detail in zip(columns, details, strict=True)
            ),
            dim=grid.dim[index],
            front=one.on_front,
        )
        for index, one in enumerate(plan.candidates)
    ]
    return {"columns": columns, "rows": rows}


def _make_chart(panel: Panel, plan: Plan) -> _Chart:
    accuracies = {one.label: one.accuracy for one in plan.candidates}
    ends = [end for mark in panel.marks for end in (mark.low, mark.value, mark.high)] + list(panel.limits)
    scale = _Scale(min(ends), max(ends), panel.is_log)
    foot = _TOP + _ROW * len(panel.marks)
    rows = tuple(
        _Row(
            label=plain(mark.label),
            accuracy=format_accuracy(accuracy) if (accuracy := accuracies[mark.label]) else "",
            text=plain(mark.text),
            top=_TOP + _ROW * place,
            low=scale.place(mark.low),
            middle=scale.place(mark.value),
            high=scale.place(mark.high),
            classes=" ".join(_list_classes(mark.on_front, mark.measured, mark.fits)),
        )
        for place, mark in enumerate(panel.marks)
    )
    return _Chart(
        title=plain(panel.title),
        axis=plain(panel.axis),
        height=foot + _BOTTOM,
        foot=foot,
        rows=rows,
        ticks=tuple((scale.place(value), format_short(value)) for value in scale.ticks()),
        limits=tuple(scale.place(limit) for limit in panel.limits),
    )


def _list_classes(on_front: bool, measured: bool, fits: bool) -> Iterator[str]:
    yield "mark"
    if on_front:
        yield "leads"
    if not measured:
        yield "predicted"
    if not fits:
        yield "beyond"


class _Scale:
    """Values to percent of the width; a linear scale begins at 0."""

    def __init__(self, low: float, high: float, is_log: bool) -> None:
        self._low, self._high, self._is_log = (low if is_log else 0.0), high, is_log

    def place(self, value: float) -> float:
        """Where a value lies."""
        if self._is_log:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = value / self._high if self._high else 0.0
        return round(_LEFT + (_RIGHT - _LEFT) * share, 2)

    def ticks(self) -> list[float]:
        """Round values, few enough to be read at any width."""
        if not self._is_log:
            steps = _list_round(self._high / 1000 if self._high else 1.0, self._high or 1.0, (1, 2, 5))
            step = next(step for step in steps if self._high / step < _MOST_TICKS)
            return [step * count for count in range(int(self._high / step) + 1)]
        within = _list_round(self._low, self._high, (1, 2, 5))
        if len(within) > _MOST_TICKS:
            within = _list_round(self._low, self._high, (1,))
        return within[:: -(-len(within) // _MOST_TICKS) or 1]


def _list_round(low: float, high: float, leading: Sequence[int]) -> list[float]:
    """The numbers from ``low`` to ``high`` of one leading digit and zeros."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [number for power in powers for digit in leading if low <= (number := digit * 10.0**power) <= high]
