"""The legend of a picture: which line, marker or both is which row, the best first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.comparison.metric import Metric
from densebench.reporting.figures.series import Series, unfinished
from densebench.reporting.figures.style import INK, MOST_NAMES, SMALL, count_others, label
from densebench.units import format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_ROWS_A_COLUMN = 40
_SPACE = 0.2  # inches above and below


def rank(series: Sequence[Series], metric: Metric) -> list[tuple[Series, str]]:
    """The rows from the best last value down, each with that value; then those that did not finish or lack it."""
    sign = -1 if metric.best == "high" else 1
    figures = [(one, one.row.summary(metric.name).figure) for one in series]
    known = sorted(
        ((not _is_finished(one), sign * value, one.index, one, value) for one, value in figures if value is not None),
        key=lambda entry: entry[:3],
    )
    return [
        *((one, _note(metric, value, one)) for *_, one, value in known),
        *((one, "") for one, value in figures if value is None),
    ]


def _is_finished(one: Series) -> bool:
    return one.published or one.row.completed


def _note(metric: Metric, value: float, one: Series) -> str:
    """The last value; with its status where a run did not finish."""
    text = format_number("percent", value) if metric.show == "percent" else f"{value:.3f}"
    return text if _is_finished(one) else f"{text}, {unfinished(one.row)}"


def draw_legend(
    figure: "Figure", entries: Sequence[tuple[Series, str]], *, lines: bool = True, markers: bool = False
) -> None:
    """Names with a figure each, right of all panels and in the order given; the picture grows by their room."""
    handles = [_handle(one, lines=lines, markers=markers) for one, _ in entries[:MOST_NAMES]]
    names = [f"{label(one.label)}  {note}".rstrip() for one, note in entries[:MOST_NAMES]]
    if others := count_others(len(entries) - MOST_NAMES):
        handles.append(_empty_handle())
        names.append(others)
    drawn = figure.legend(
        handles,
        names,
        loc="outside right upper",
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=1.2 + (1.4 + 1.6 * markers) * lines,  # dashes must be seen beside a marker
        labelspacing=0.35,
        ncols=-(-len(names) // _ROWS_A_COLUMN),
    )
    box = drawn.get_window_extent()
    width, height = float(box.width) / figure.dpi, float(box.height) / figure.dpi
    figure.set_size_inches(figure.get_figwidth() + width, max(figure.get_figheight(), height + _SPACE))


def _handle(one: Series, *, lines: bool, markers: bool) -> "Line2D":
    handle = _empty_handle()
    handle.set(color=one.colour, linewidth=1.8)
    if lines:
        handle.set_linestyle(one.dash)
    if markers:
        handle.set(marker=one.marker, markersize=5, markerfacecolor="white" if one.published else one.colour)
    return handle


def _empty_handle() -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")
