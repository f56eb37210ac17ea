"""Accuracy and loss by epoch and by wall time: mean of the seeds as a line, lowest to highest as a band."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from densebench.comparison.metrics import METRICS
from densebench.reporting.figures.series import Series, curve, points, tail, unfinished
from densebench.reporting.figures.style import legend, logarithmic, new_figure, title
from densebench.units import axis_scale, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Against = Literal["epoch", "elapsed_seconds"]
ENLARGED = 0.25  # the last part of the epochs that the enlarged panel shows
FEWEST_EPOCHS = 5  # that it shows in any case
LOG_FROM = 20.0  # a loss that falls by more than this factor is drawn on a logarithmic axis
DRAWN = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")


def accuracy(rows: Sequence[Series], against: Against) -> "Figure | None":
    """Train and test accuracy, and the test accuracy of the last quarter enlarged."""
    series = drawable(rows, against)
    if not series:
        return None
    figure, (train, test, close) = new_figure(3)
    for axes, column in ((train, "train_accuracy"), (test, "test_accuracy"), (close, "test_accuracy")):
        draw(axes, series, against, column, scale=100)
        axes.set_ylabel("accuracy, %")
    title(train, "Train accuracy")
    title(test, "Test accuracy")
    title(close, "Test accuracy, enlarged")
    enlarge(close, series, against)
    legend(figure, ranked(series, "test_accuracy"))
    return figure


def loss(rows: Sequence[Series], against: Against) -> "Figure | None":
    """Train and test loss, on a logarithmic axis where it falls far."""
    series = drawable(rows, against)
    if not series:
        return None
    figure, (train, test) = new_figure(2)
    for axes, column in ((train, "train_loss"), (test, "test_loss")):
        draw_loss(axes, series, against, column)
    title(train, "Train loss")
    title(test, "Test loss")
    legend(figure, ranked(series, "test_loss"))
    return figure


def draw_test(whole: "Axes", close: "Axes", series: Sequence[Series]) -> None:
    """Test accuracy by epoch on two panels: the whole of it, and its last quarter enlarged."""
    for axes in (whole, close):
        draw(axes, series, "epoch", "test_accuracy", scale=100)
        axes.set_ylabel("accuracy, %")
    title(whole, "Test accuracy")
    title(close, "Test accuracy, enlarged")
    enlarge(close, series, "epoch")


def draw_loss(axes: "Axes", series: Sequence[Series], against: Against, column: str) -> None:
    draw(axes, series, against, column)
    axes.set_ylabel("cross-entropy, nats")
    values = [value for one in series for run in one.row.runs for _, value in points(run, against, column).values()]
    if values and min(values) > 0 and max(values) / min(values) > LOG_FROM:
        axes.set_yscale("log")
        logarithmic(axes.yaxis, (1,) if max(values) / min(values) > 100 else (1, 3))


def drawable(series: Sequence[Series], against: Against) -> list[Series]:
    """The rows with a curve of any of the four."""
    return [
        one
        for one in series
        if one.row.phase == "train" and any(points(run, against, name) for run in one.row.runs for name in DRAWN)
    ]


def draw(axes: "Axes", series: Sequence[Series], against: Against, column: str, *, scale: float = 1.0) -> None:
    """All groups on one panel; the name of the x axis with its unit."""
    from matplotlib.ticker import MaxNLocator

    factor, unit = axis_scale("seconds", longest(series)) if against == "elapsed_seconds" else (1.0, "")
    for one in series:
        _draw_one(axes, one, against, column, factor, scale)
    axes.set_xlabel(f"wall time, {unit}" if unit else "epoch")
    if against == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_one(axes: "Axes", one: Series, against: Against, column: str, factor: float, scale: float) -> None:
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


def enlarge(axes: "Axes", series: Sequence[Series], against: Against) -> None:
    """Only the last quarter, from the lowest to the highest value in it; rows that ended before it do not count."""
    factor, _ = axis_scale("seconds", longest(series)) if against == "elapsed_seconds" else (1.0, "")
    shown = [curve(one.row.runs, against, "test_accuracy", scale=100) for one in series]
    last = max((each.epochs[-1] for each in shown if each.epochs), default=0)
    first = min((1 - ENLARGED) * last, last - FEWEST_EPOCHS)
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


def longest(series: Sequence[Series]) -> float:
    return max(
        (run.records[-1].elapsed_seconds or 0.0 for one in series for run in one.row.runs if run.records), default=0
    )


def ranked(series: Sequence[Series], metric: str) -> list[tuple[Series, str]]:
    """The rows from the best last value down, each with that value: the order of the lines' ends."""
    sign = -1 if METRICS[metric].best == "high" else 1
    figures = [(one, one.row.summary(metric).figure) for one in series]
    drawn = sorted(
        ((not one.row.completed, sign * value, one.index, one) for one, value in figures if value is not None),
        key=lambda entry: entry[:3],
    )
    return [
        *((one, note(metric, abs(value), one)) for _, value, _, one in drawn),
        *((one, "") for one, value in figures if value is None),
    ]


def note(metric: str, value: float, one: Series) -> str:
    """The last value; of a run that did not finish it is told that it did not."""
    text = format_number("percent", value) if METRICS[metric].show == "percent" else f"{value:.3f}"
    return text if one.row.completed else f"{text}, {unfinished(one.row)}"
