"""Accuracy and loss by epoch and by wall time: mean of the seeds as a line, lowest to highest as a band."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from densebench.comparison.display import Curve
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.reporting.figures.legends import draw_legend, rank
from densebench.reporting.figures.series import Series, curve, points, tail
from densebench.reporting.figures.style import logarithmic, make_figure, title
from densebench.units import axis_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Against = Literal["epoch", "elapsed_seconds"]
_ENLARGED = 0.25  # the last part of the epochs that the enlarged panel shows
_FEWEST_EPOCHS = 5  # that it shows in any case
_LOG_FROM = 20.0  # a loss that falls by more than this factor is drawn on a logarithmic axis


def draw_curves(rows: Sequence[Series], picture: str, against: _Against) -> "Figure | None":
    """One panel for each metric of the picture, an accuracy also enlarged; nothing where no row has a curve."""
    series, curves = find_drawable(rows, against), _curves_of(picture)
    if not series:
        return None
    leading = _leading(curves)
    is_enlarged = leading[0].show == "percent"
    figure, panels = make_figure(len(curves) + is_enlarged)
    for axes, (metric, shown) in zip(panels, curves, strict=False):
        _draw_panel(axes, series, against, metric, shown)
    if is_enlarged:
        _draw_enlarged(panels[-1], series, against, *leading)
    draw_legend(figure, rank(series, leading[0]))
    return figure


def draw_test(whole: "Axes", close: "Axes", series: Sequence[Series]) -> None:
    """Test accuracy by epoch on two panels: the whole of it, and its last quarter enlarged."""
    leading = _leading(_curves_of("accuracy"))
    _draw_panel(whole, series, "epoch", *leading)
    _draw_enlarged(close, series, "epoch", *leading)


def find_drawable(series: Sequence[Series], against: _Against) -> list[Series]:
    """The rows with a curve of any metric."""
    names = [metric.name for metric in METRICS.values() if metric.display.curve is not None]
    return [
        one
        for one in series
        if one.row.phase == "train" and any(points(run, against, name) for run in one.row.runs for name in names)
    ]


def _curves_of(picture: str) -> list[tuple[Metric, Curve]]:
    """The metrics whose curves a picture has, train before test."""
    shown = [(metric, metric.display.curve) for metric in METRICS.values()]
    return [(metric, curve) for metric, curve in shown if curve is not None and curve.picture == picture]


def _leading(curves: Sequence[tuple[Metric, Curve]]) -> tuple[Metric, Curve]:
    return next((one for one in curves if one[1].leads), curves[-1])


def _draw_panel(axes: "Axes", series: Sequence[Series], against: _Against, metric: Metric, shown: Curve) -> None:
    """All rows on one panel; what falls far, as a loss does, on a logarithmic axis."""
    _draw_lines(axes, series, against, metric)
    axes.set_ylabel(shown.axis)
    title(axes, shown.title)
    if metric.best == "low":
        _choose_axis(axes, series, against, metric.name)


def _draw_enlarged(axes: "Axes", series: Sequence[Series], against: _Against, metric: Metric, shown: Curve) -> None:
    _draw_lines(axes, series, against, metric)
    axes.set_ylabel(shown.axis)
    title(axes, f"{shown.title}, enlarged")
    _enlarge(axes, series, against, metric)


def _choose_axis(axes: "Axes", series: Sequence[Series], against: _Against, column: str) -> None:
    """Logarithmic where the values span more than ``_LOG_FROM``."""
    values = [value for one in series for run in one.row.runs for _, value in points(run, against, column).values()]
    if values and min(values) > 0 and max(values) / min(values) > _LOG_FROM:
        axes.set_yscale("log")
        logarithmic(axes.yaxis, (1,) if max(values) / min(values) > 100 else (1, 3))


def _draw_lines(axes: "Axes", series: Sequence[Series], against: _Against, metric: Metric) -> None:
    """The lines of all rows; the name of the x axis with its unit."""
    from matplotlib.ticker import MaxNLocator

    factor, unit = axis_scale("seconds", _longest(series)) if against == "elapsed_seconds" else (1.0, "")
    scale = _scale(metric)
    for one in series:
        _draw_one(axes, one, against, metric.name, factor, scale)
    axes.set_xlabel(f"wall time, {unit}" if unit else "epoch")
    if against == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_one(axes: "Axes", one: Series, against: _Against, column: str, factor: float, scale: float) -> None:
    shared = curve(one.row.runs, against, column, scale=scale)
    if not shared.epochs:
        return
    x = [place * factor for place in shared.x]
    dots = {"marker": one.marker, "markersize": 4} if len(x) < 4 else {}
    axes.plot(x, shared.mean, color=one.colour, linestyle=one.dash, linewidth=1.2, **dots)  # type: ignore[arg-type]
    if len(one.row.runs) > 1:
        axes.fill_between(x, shared.low, shared.high, color=one.colour, alpha=0.18, linewidth=0)
    for run in one.row.runs:
        places, values = tail(run, shared.epochs[-1], against, column, scale=scale)
        if len(places) > 1:
            axes.plot([place * factor for place in places], values, color=one.colour, linewidth=0.6, alpha=0.7)


def _enlarge(axes: "Axes", series: Sequence[Series], against: _Against, metric: Metric) -> None:
    """Only the last quarter, from the lowest to the highest value in it; rows that ended before it do not count."""
    factor, _ = axis_scale("seconds", _longest(series)) if against == "elapsed_seconds" else (1.0, "")
    shown = [curve(one.row.runs, against, metric.name, scale=_scale(metric)) for one in series]
    last = max((each.epochs[-1] for each in shown if each.epochs), default=0)
    first = min((1 - _ENLARGED) * last, last - _FEWEST_EPOCHS)
    kept = [
        (x, low, high)
        for each in shown
        for epoch, x, low, high in zip(each.epochs, each.x, each.low, each.high, strict=True)
        if epoch > first
    ]
    if len({x for x, _, _ in kept}) < 2:
        return
    margin = 0.05 * (max(high for _, _, high in kept) - min(low for _, low, _ in kept)) or 0.5
    axes.set_ylim(min(low for _, low, _ in kept) - margin, max(high for _, _, high in kept) + margin)
    axes.set_xlim(min(x for x, _, _ in kept) * factor, max(x for x, _, _ in kept) * factor)


def _scale(metric: Metric) -> float:
    return 100.0 if metric.show == "percent" else 1.0


def _longest(series: Sequence[Series]) -> float:
    return max(
        (run.records[-1].elapsed_seconds or 0.0 for one in series for run in one.row.runs if run.records), default=0
    )
