"""How the pictures look: axes, legends and names, drawn by matplotlib without any global state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.comparison.metrics import METRICS
from densebench.escape import plain
from densebench.reporting.figures.series import Series
from densebench.units import axis_scale, format_short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_PANEL_WIDTH, _PANEL_HEIGHT = 4.4, 3.7  # inches
_DOTS_PER_INCH = 150
INK, _FAINT, _GRID = "#222222", "#666666", "#E6E6E6"
_LONGEST_NAME = 40
_ROWS_A_LEGEND = 22  # names in one column of a legend


def new_figure(
    panels: int, *, rows: int = 1, width: float = _PANEL_WIDTH, height: float = _PANEL_HEIGHT
) -> "tuple[Figure, list[Axes]]":
    """A white figure with its panels in reading order."""
    from matplotlib.figure import Figure

    columns = -(-panels // rows)
    size = (width * columns, height * rows)
    figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(panels)]
    for panel in axes:
        _calm(panel)
    return figure, axes


def _calm(axes: "Axes") -> None:
    """Few lines, light grid, text that is dark but not black."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#AAAAAA")
    axes.tick_params(colors=_FAINT, labelcolor=INK, labelsize=9)
    axes.grid(True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def title(axes: "Axes", text: str) -> None:
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold", color=INK)


def label(text: str) -> str:
    """A name as a picture may show it: without control characters and mathematics, and not too long."""
    shown = plain(text)
    if len(shown) > _LONGEST_NAME:
        half = (_LONGEST_NAME - 1) // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    escaped = shown.replace("$", r"\$")
    return f"\N{HAIR SPACE}{escaped}" if escaped.startswith("_") else escaped  # matplotlib hides names in _


def legend(figure: "Figure", entries: Sequence[tuple[Series, str]]) -> None:
    """Names with a figure each, right of all panels and in the order given."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=one.colour, linewidth=1.8) for one, _ in entries]
    for handle, (one, _) in zip(handles, entries, strict=True):
        handle.set_linestyle(one.dash)
    names = [f"{label(one.label)}  {note}".rstrip() for one, note in entries]
    columns = -(-len(entries) // _ROWS_A_LEGEND)
    width = columns * (0.7 + 0.075 * max(map(len, names), default=0))
    figure.set_size_inches(figure.get_figwidth() + width, figure.get_figheight())
    figure.legend(
        handles,
        names,
        loc="outside right upper",
        frameon=False,
        fontsize=9 if columns == 1 else 7.5,
        labelcolor=INK,
        handlelength=2.6,
        ncols=columns,
    )


def logarithmic(axis: "Axis", subdivisions: Sequence[float]) -> None:
    """Plain numbers on a logarithmic axis, at these multiples of the powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=subdivisions))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_short(value)))


def scale_of(metric: str, largest: float) -> tuple[float, str]:
    """What a metric's values are multiplied by, and the unit, for an axis that reaches to ``largest``."""
    factor, unit = axis_scale(METRICS[metric].show, largest)
    return factor, unit or METRICS[metric].display.axis_unit
