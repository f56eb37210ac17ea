"""Pictures of a comparison: every curve and every cost, as PNG, SVG or PDF."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.comparison.metrics import METRICS, order_metrics
from densebench.comparison.values import Comparison
from densebench.errors import ResultsError
from densebench.reporting.figures import costs, curves
from densebench.reporting.figures.files import drawing, is_picture, save
from densebench.reporting.figures.legends import draw_legend, rank
from densebench.reporting.figures.series import Series, list_series
from densebench.reporting.figures.style import make_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OVERVIEW = "overview"
_OVERVIEW_WIDTH, _OVERVIEW_HEIGHT = 5.6, 4.4  # inches a panel
_Draw = Callable[[list[Series]], "Figure | None"]


def _overview(series: list[Series]) -> "Figure | None":
    """Test accuracy, enlarged, against a cost, and that cost as bars; with a legend of all rows."""
    chosen = order_metrics(lambda display: display.cost.place if display.cost and display.cost.in_overview else None)
    cost = next((metric.name for metric in chosen if costs.find_points(series, metric.name)), None)
    learning = curves.find_drawable(series, "epoch")
    if cost is None or not learning:
        return None
    costly = [one for one in series if one.row.summary(cost).figure is not None]
    heights = (_OVERVIEW_HEIGHT, max(_OVERVIEW_HEIGHT, costs.measure_bars(costly)))
    figure, (whole, close, pareto, bars) = make_figure(4, width=_OVERVIEW_WIDTH, heights=heights)
    curves.draw_test(whole, close, learning)
    costs.draw_pareto(pareto, series, cost)
    costs.draw_bars(bars, costs.sort_bars(costly, cost), cost, named=True)
    costs.make_room(figure, costly)
    places = {one.index for one in (*learning, *costly)}
    drawn = [one for one in series if one.index in places]
    draw_legend(figure, rank(drawn, METRICS["test_accuracy"]), lines=True, markers=True)
    costs.label_points(figure, pareto, series, cost)
    return figure


def list_pictures() -> dict[str, _Draw]:
    """Every picture by name: the overview, then those that the metrics name."""
    shown = [metric.display for metric in METRICS.values()]
    pictures: dict[str, _Draw] = {_OVERVIEW: _overview}
    for name in sorted({display.curve.picture for display in shown if display.curve is not None}):
        pictures[name] = partial(curves.draw_curves, picture=name, against="epoch")
        pictures[f"{name}_by_time"] = partial(curves.draw_curves, picture=name, against="elapsed_seconds")
    for name in dict.fromkeys(display.bar.picture for display in shown if display.bar is not None):
        pictures[name] = partial(costs.bars, picture=name)
    for metric in order_metrics(lambda display: display.cost.place if display.cost else None):
        if metric.display.cost is not None and metric.display.cost.picture is not None:
            pictures[metric.display.cost.picture] = partial(costs.pareto, cost=metric.name)
    return pictures


def plot(comparison: Comparison, target: Path) -> list[Path]:
    """Draw the pictures of a comparison and say which files were written.

    A target that ends in .png, .svg or .pdf gets one picture: the one that it is named after, else the
    overview. A directory, made if need be, gets all of them as PNG; a picture of which nothing is known is left out.
    Raises :class:`InputError` for another ending, and :class:`ResultsError` if nothing can be drawn or written.
    """
    with drawing():
        return _plot(list_series(comparison), target)


def _plot(series: list[Series], target: Path) -> list[Path]:
    pictures = list_pictures()
    if is_picture(target):
        name = target.stem if target.stem in pictures else _OVERVIEW
        figure = pictures[name](series)
        if figure is None:
            raise ResultsError(f"{target}: these runs lack the figures of the picture {name!r}: give others.")
        return [save(figure, target)]
    drawn = {name: figure for name, draw in pictures.items() if (figure := draw(series)) is not None}
    if not drawn:
        raise ResultsError(f"{target}: these runs hold nothing to draw: give runs with at least one finished epoch.")
    return [save(figure, target / f"{name}.png") for name, figure in drawn.items()]
