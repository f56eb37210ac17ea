"""The picture of a plan: expected accuracy against cost, and the costs of all networks with the budget's limits."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.errors import ResultsError
from densebench.prediction.values import Plan
from densebench.reporting.figures.files import drawing, is_picture, save
from densebench.reporting.figures.label_placement import place_labels
from densebench.reporting.figures.series import COLOURS
from densebench.reporting.figures.style import INK, SMALL, label, logarithmic, make_figure, title
from densebench.reporting.plan.chart import Mark, Panel, list_accuracy_limits, list_panels
from densebench.units import format_short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_NAME = "plan.png"  # in a folder
_PANEL_WIDTH, _LEAST_HEIGHT = 4.9, 3.9  # inches
_ROW_HEIGHT, _AROUND_ROWS = 0.34, 1.7
_FEWEST_ROWS = 4  # room for as many
_FITTING, _BEYOND, _LIMIT = COLOURS[0], "#9A9A9A", COLOURS[1]
_DASHED = (0, (4, 2))
_ROUND, _FRONT = "o", "D"
_TEXT_ROOM = {True: 0.6, False: 0.3}  # of the width of the marks, for the figures beside them; by whether it is log
_LETTER = 0.075  # inches of a name


def plot_plan(plan: Plan, target: Path) -> list[Path]:
    """Draw it into a .png, .svg or .pdf file, or as plan.png into a folder; returns the files written.

    Raises :class:`InputError` for another ending, and :class:`ResultsError` if nothing can be drawn or written.
    """
    file = target if is_picture(target) else target / _NAME
    panels = list_panels(plan)
    if not panels:
        raise ResultsError(f"{target}: the plan holds nothing to draw, for nothing was measured.")
    with drawing():
        return [save(_draw(plan, panels), file)]


def _draw(plan: Plan, panels: Sequence[Panel]) -> "Figure":
    accurate = [mark for mark in panels[0].marks if mark.accuracy is not None]
    least = list_accuracy_limits(plan)
    drawn = {mark.label for panel in panels for mark in panel.marks}
    labels = [one.label for one in plan.candidates if one.label in drawn]  # a line each, the same in every panel
    rows = max(_FEWEST_ROWS, len(labels))
    figure, axes = make_figure(len(panels) + bool(accurate), width=_PANEL_WIDTH)
    names = _LETTER * max(len(label(name)) for name in labels)
    figure.set_size_inches(figure.get_figwidth() + names, max(_LEAST_HEIGHT, _AROUND_ROWS + _ROW_HEIGHT * rows))
    for place, panel in enumerate(panels):
        _draw_costs(axes[place + bool(accurate)], panel, labels, named=place == 0)
    if accurate:
        _draw_accuracies(axes[0], panels[0], accurate, least)
    _draw_legend(figure, panels, has_limits=bool(accurate and least) or any(panel.limits for panel in panels))
    if accurate:
        points = [(mark.value, mark.accuracy[1]) for mark in accurate if mark.accuracy is not None]
        place_labels(figure, axes[0], [mark.label for mark in accurate], points)
    return figure


def _draw_accuracies(axes: "Axes", panel: Panel, marks: Sequence[Mark], limits: Sequence[float]) -> None:
    """Points with their intervals, and the front as a stair."""
    _set_scale(axes, panel)
    _draw_limits(axes, panel)
    for limit in limits:
        axes.axhline(limit, color=_LIMIT, linewidth=1.2, linestyle=_DASHED, zorder=1)
    known = [(mark, mark.accuracy) for mark in marks if mark.accuracy is not None]
    steps = sorted((mark.value, accuracy[1]) for mark, accuracy in known if mark.on_front)
    axes.step([x for x, _ in steps], [y for _, y in steps], where="post", color="#AAAAAA", linewidth=1, zorder=1)
    for mark, (low, middle, high) in known:
        axes.plot([mark.low, mark.high], [middle, middle], color=_colour(mark), linewidth=1.2, zorder=2)
        axes.plot([mark.value, mark.value], [low, high], color=_colour(mark), linewidth=1.2, zorder=2)
        _draw_mark(axes, mark, middle)
    axes.margins(0.16)
    axes.set_xlabel(panel.axis)
    axes.set_ylabel("expected test accuracy, %")
    title(axes, f"Accuracy against {panel.title[0].lower()}{panel.title[1:]}")


def _draw_costs(axes: "Axes", panel: Panel, labels: Sequence[str], *, named: bool) -> None:
    """One network a line, from the top down: its cost, the interval, the figure; nothing where it is unknown."""
    from matplotlib.patheffects import withStroke

    _set_scale(axes, panel)
    _draw_limits(axes, panel)
    for mark in panel.marks:
        place = labels.index(mark.label)
        axes.plot([mark.low, mark.high], [place, place], color=_colour(mark), linewidth=1.6, zorder=2)
        _draw_mark(axes, mark, place)
        axes.annotate(
            mark.text,
            (mark.high, place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )
    names = [label(name) for name in labels]
    axes.set_yticks(range(len(names)), names if named else [""] * len(names))
    middle, half = (len(names) - 1) / 2, max(len(names), _FEWEST_ROWS) / 2 + 0.1
    axes.set_ylim(middle + half, middle - half)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    _make_room(axes, panel)
    axes.set_xlabel(panel.axis)
    title(axes, panel.title)


def _draw_mark(axes: "Axes", mark: Mark, y: float) -> None:
    axes.plot(mark.value, y, **_style(mark.on_front, mark.measured, _colour(mark)), zorder=3)  # type: ignore[arg-type]


def _style(on_front: bool, measured: bool, colour: str) -> dict[str, object]:
    """A diamond on the front, hollow where predicted."""
    return {
        "marker": _FRONT if on_front else _ROUND,
        "markersize": 7,
        "markerfacecolor": colour if measured else "white",
        "markeredgecolor": colour,
        "markeredgewidth": 1.3,
        "linestyle": "none",
    }


def _colour(mark: Mark) -> str:
    return _FITTING if mark.fits else _BEYOND


def _draw_limits(axes: "Axes", panel: Panel) -> None:
    for limit in panel.limits:
        axes.axvline(limit, color=_LIMIT, linewidth=1.2, linestyle=_DASHED, zorder=1)


def _set_scale(axes: "Axes", panel: Panel) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if panel.is_log:
        axes.set_xscale("log")
        ends = [end for mark in panel.marks for end in (mark.low, mark.high)]
        logarithmic(axes.xaxis, (1, 2, 5) if max(ends) < 300 * min(ends) else (1,))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_short(value)))


def _make_room(axes: "Axes", panel: Panel) -> None:
    """For the figures right of the marks; a linear axis begins at 0."""
    lows, highs = [mark.low for mark in panel.marks], [mark.high for mark in panel.marks]
    low, high = min(*lows, *highs, *panel.limits), max(*lows, *highs, *panel.limits)
    if panel.is_log:
        share = high / low
        axes.set_xlim(low / share**0.06, high * share ** _TEXT_ROOM[True])
    else:
        axes.set_xlim(0, high * (1 + _TEXT_ROOM[False]))


def _draw_legend(figure: "Figure", panels: Sequence[Panel], *, has_limits: bool) -> None:
    """What the marks mean, of those that are there."""
    from matplotlib.lines import Line2D

    marks = [mark for panel in panels for mark in panel.marks]
    entries: list[tuple[bool, str, Line2D]] = [
        (any(mark.measured for mark in marks), "measured here", _legend_mark(False, True, _FITTING)),
        (any(not mark.measured for mark in marks), "predicted from others", _legend_mark(False, False, _FITTING)),
        (any(mark.on_front for mark in marks), "on the Pareto front", _legend_mark(True, True, _FITTING)),
        (any(not mark.fits for mark in marks), "beyond the budget", _legend_mark(False, True, _BEYOND)),
        (has_limits, "budget", Line2D([], [], color=_LIMIT, linewidth=1.2, linestyle=_DASHED)),
    ]
    shown = [(handle, text) for is_there, text, handle in entries if is_there]
    figure.legend(
        [handle for handle, _ in shown],
        [text for _, text in shown],
        loc="outside lower left",
        ncols=len(shown),
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handletextpad=0.4,
    )


def _legend_mark(on_front: bool, measured: bool, colour: str) -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D([], [], **_style(on_front, measured, colour))  # type: ignore[arg-type]
