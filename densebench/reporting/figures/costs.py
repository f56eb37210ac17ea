"""What a network costs: bars of sizes, times, memory and energy, and accuracy against a cost with the Pareto front."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.comparison.metrics import METRICS, order_metrics
from densebench.comparison.values import Summary
from densebench.reporting.figures.fronts import fronts, stands_in_scatter
from densebench.reporting.figures.label_placement import place_labels
from densebench.reporting.figures.legends import draw_legend, rank
from densebench.reporting.figures.series import Series
from densebench.reporting.figures.style import (
    INK,
    LOG_FROM,
    MOST_NAMES,
    SMALL,
    count_others,
    label,
    logarithmic,
    make_figure,
    measure,
    scale_of,
    title,
)
from densebench.units import format_short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR_HEIGHT = 0.22  # inches a bar
_AROUND_BARS = 1.2  # inches for title and axis
_FEWEST_BARS = 4  # room for as many, so that a single bar is not a block
_TICKS = 5  # at most, as 100,000 is wide
_NAMED_POINTS = 24  # of more points only those on the front are named


def bars(series: Sequence[Series], picture: str) -> "Figure | None":
    """One panel a metric of the picture, one bar a row, sorted by the first metric; nothing where none is known."""
    metrics = order_metrics(
        lambda display: display.bar.place if display.bar and display.bar.picture == picture else None
    )
    shown = [metric for metric in metrics if any(one.row.summary(metric.name).figure is not None for one in series)]
    if not shown:
        return None
    rows = [one for one in series if any(one.row.summary(metric.name).figure is not None for metric in shown)]
    figure, panels = make_figure(len(shown), heights=(measure_bars(rows),))
    for axes, metric in zip(panels, shown, strict=True):
        draw_bars(axes, sort_bars(rows, shown[0].name), metric.name, named=metric is shown[0])
    make_room(figure, rows)
    return figure


def measure_bars(rows: Sequence[Series]) -> float:
    """Inches of a panel in which the names of its bars do not touch."""
    return _AROUND_BARS + _BAR_HEIGHT * max(min(len(rows), MOST_NAMES + 1), _FEWEST_BARS)


def make_room(figure: "Figure", rows: Sequence[Series]) -> None:
    """Widen a picture by the names of its bars."""
    width = max(measure(figure, label(one.label))[0] for one in rows)
    figure.set_size_inches(figure.get_figwidth() + width, figure.get_figheight())


def sort_bars(rows: Sequence[Series], metric: str) -> list[Series]:
    """The best first; last those whose value is unknown or of a run that did not finish, in their own order."""
    sign = -1 if METRICS[metric].best == "high" else 1
    values = [one.row.summary(metric).figure if not _is_unfinished(one, metric) else None for one in rows]
    places = sorted(range(len(rows)), key=lambda place: (values[place] is None, sign * (values[place] or 0.0)))
    return [rows[place] for place in places]


def draw_bars(axes: "Axes", rows: Sequence[Series], metric: str, *, named: bool) -> None:
    """A bar for each row from the top down, as many as have room."""
    from matplotlib.ticker import MaxNLocator

    factor, unit = scale_of(metric, max(one.row.summary(metric).figure or 0.0 for one in rows))
    shown = rows[:MOST_NAMES]
    for place, one in enumerate(shown):
        _draw_bar(axes, one, place, one.row.summary(metric), factor)
    names = [label(one.label) for one in shown]
    if others := count_others(len(rows) - len(shown)):
        names.append(others)
    axes.set_yticks(range(len(names)), names if named else [""] * len(names), fontsize=SMALL)
    middle, half = (len(names) - 1) / 2, max(len(names), _FEWEST_BARS) / 2 + 0.1
    axes.set_ylim(middle + half, middle - half)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(unit)
    axes.margins(x=0.16)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS))
    axes.xaxis.set_major_formatter(lambda value, _: format_short(value))
    title(axes, METRICS[metric].title)


def _is_unfinished(one: Series, metric: str) -> bool:
    return METRICS[metric].needs_end and not (one.published or one.row.completed)


def _draw_bar(axes: "Axes", one: Series, place: int, summary: Summary, factor: float) -> None:
    value = summary.figure
    unfinished = _is_unfinished(one, summary.metric)
    if value is None or unfinished:
        word = "unfinished" if unfinished else "unknown"
        axes.annotate(word, (0, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL)
        return
    style = {"facecolor": "white", "hatch": "////"} if one.published else {"facecolor": one.colour}
    axes.barh(place, value * factor, height=0.62, edgecolor=one.colour, linewidth=0.8, **style)  # type: ignore[arg-type]
    end = value
    low, high = min(summary.known), max(summary.known)
    if low < high:
        axes.plot([low * factor, high * factor], [place, place], color=INK, linewidth=1.2, marker="|", markersize=5)
        end = high
    axes.annotate(
        format_short(value * factor),
        (end * factor, place),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=INK,
    )


def pareto(series: Sequence[Series], cost: str) -> "Figure | None":
    """Test accuracy against a cost, with the front of those that no other beats in both.

    Where a point has no room for its name, a legend names them all.
    """
    if not find_points(series, cost):
        return None
    for has_legend in (False, True):
        figure, (axes,) = make_figure(1, width=8.2, heights=(5.2,))
        draw_pareto(axes, series, cost)
        if has_legend:
            drawn = [one for one, _, _ in find_points(series, cost)]
            draw_legend(figure, rank(drawn, METRICS["test_accuracy"]), lines=False, markers=True)
        if label_points(figure, axes, series, cost):
            break
    return figure


def find_points(series: Sequence[Series], cost: str) -> list[tuple[Series, float, float]]:
    """The finished trainings whose cost and test accuracy are known, with both."""
    found = []
    for one in filter(lambda one: stands_in_scatter(one.row), series):
        x, y = one.row.summary(cost).figure, one.row.summary("test_accuracy").figure
        if x is not None and y is not None:
            found.append((one, x, y))
    return found


def draw_pareto(axes: "Axes", series: Sequence[Series], cost: str) -> None:
    """Points of rows, larger on a front, hollow where published; the front of rows that may be compared as a stair."""
    drawn = find_points(series, cost)
    factor, unit = scale_of(cost, max(x for _, x, _ in drawn))
    stairs = fronts([one.row for one in series], cost)
    best = {series[place].index for front in stairs for place in front}
    if max(x for _, x, _ in drawn) > LOG_FROM * min(x for _, x, _ in drawn) > 0:
        axes.set_xscale("log")
        logarithmic(axes.xaxis, (1, 2, 5))
    for one, x, y in drawn:
        _draw_point(axes, one, x * factor, y, on_front=one.index in best)
    at = {one.index: (x * factor, y * 100) for one, x, y in drawn}
    for front in stairs:
        steps = [at[series[place].index] for place in front]
        axes.step([x for x, _ in steps], [y for _, y in steps], where="post", color="#AAAAAA", linewidth=1, zorder=1)
    axes.margins(0.14)
    name = METRICS[cost].title
    axes.set_xlabel(f"{name}, {unit}" if unit else name)
    axes.set_ylabel("test accuracy after the last epoch, %")
    title(axes, "Accuracy against cost")


def label_points(figure: "Figure", axes: "Axes", series: Sequence[Series], cost: str) -> bool:
    """The rows' names beside their points, and whether all had room; to be called when everything else is drawn."""
    drawn = find_points(series, cost)
    factor, _ = scale_of(cost, max(x for _, x, _ in drawn))
    best = {series[place].index for front in fronts([one.row for one in series], cost) for place in front}
    drawn.sort(key=lambda each: (each[0].index not in best, -each[2]))
    named = {one.index for one, _, _ in drawn} if len(drawn) <= _NAMED_POINTS else best
    names = [one.label if one.index in named else "" for one, _, _ in drawn]
    return all(place_labels(figure, axes, names, [(x * factor, y * 100) for _, x, y in drawn]))


def _draw_point(axes: "Axes", one: Series, x: float, y: float, *, on_front: bool) -> None:
    accuracies = [100 * value for value in one.row.summary("test_accuracy").known]
    if len(accuracies) > 1:
        axes.plot([x, x], [min(accuracies), max(accuracies)], color=one.colour, linewidth=1.2, zorder=2)
    axes.plot(
        x,
        y * 100,
        marker=one.marker,
        markersize=8 if on_front else 6,
        markerfacecolor="white" if one.published else one.colour,
        markeredgecolor=one.colour,
        alpha=1.0 if on_front else 0.55,
        linestyle="none",
        zorder=3,
    )
