"""How the pictures look: axes, sizes and names, drawn by matplotlib without any global state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.comparison.metrics import METRICS
from densebench.escape import plain
from densebench.units import axis_scale, format_short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_PANEL_WIDTH, _PANEL_HEIGHT = 4.4, 3.7  # inches
_DOTS_PER_INCH = 150
INK, _FAINT, _GRID = "#222222", "#666666", "#E6E6E6"
LONGEST_NAME = 40  # letters, in a picture
SMALL = 8.5  # points, of names and figures
LOG_FROM = 12.0  # costs that span more than this factor are drawn on a logarithmic axis
MOST_NAMES = 60  # in one picture; the others are counted


def make_figure(
    panels: int, *, width: float = _PANEL_WIDTH, heights: Sequence[float] = (_PANEL_HEIGHT,)
) -> "tuple[Figure, list[Axes]]":
    """A white figure with its panels in reading order: as many rows as heights, each with margins of its own."""
    from matplotlib.figure import Figure

    columns = -(-panels // len(heights))
    size = (width * columns, sum(heights))
    figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False).flat if heights[1:] else [figure]
    axes = [row.add_subplot(1, columns, place + 1) for row in rows for place in range(columns)]
    for panel in axes:
        _calm(panel)
    return figure, axes


def measure(figure: "Figure", text: str) -> tuple[float, float]:
    """Width and height of a small text in inches, as the figure would draw it."""
    written = figure.text(0, 0, text, fontsize=SMALL)
    box = written.get_window_extent()
    written.remove()
    return float(box.width) / figure.dpi, float(box.height) / figure.dpi


def count_others(number: int) -> str:
    """What stands below the last name where a picture has no room for more; empty if it has."""
    return f"and {number} more" if number > 0 else ""


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
    if len(shown) > LONGEST_NAME:
        half = (LONGEST_NAME - 1) // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    escaped = shown.replace("$", r"\$")
    return f"\N{HAIR SPACE}{escaped}" if escaped.startswith("_") else escaped  # matplotlib hides names in _


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
