"""Pictures of a comparison: every curve and every cost, as PNG, SVG or PDF."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.comparison.values import Comparison
from densebench.errors import ResultsError
from densebench.reporting.figures import costs, curves
from densebench.reporting.figures.files import FORMATS, drawing, save
from densebench.reporting.figures.series import Series, series_of
from densebench.reporting.figures.style import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OVERVIEW = "overview"
Draw = Callable[[list[Series]], "Figure | None"]


def overview(series: list[Series]) -> "Figure | None":
    """Four panels: test accuracy, enlarged, against a cost, and that cost as bars whose colours name the rows."""
    cost = next((name for name in ("epoch_seconds", "params") if costs.placed(series, name)), None)
    if cost is None or not curves.drawable(series, "epoch"):
        return None
    figure, (whole, close, pareto, bars) = new_figure(4, rows=2, width=6.2, height=4.4)
    curves.draw_test(whole, close, curves.drawable(series, "epoch"))
    costs.draw_pareto(pareto, series, cost)
    costs.draw_bars(bars, [one for one in series if one.row.summary(cost).figure is not None], cost, named=True)
    costs.label_points(figure, pareto, series, cost)
    return figure


PICTURES: dict[str, Draw] = {
    OVERVIEW: overview,
    "accuracy": lambda series: curves.accuracy(series, "epoch"),
    "accuracy_by_time": lambda series: curves.accuracy(series, "elapsed_seconds"),
    "loss": lambda series: curves.loss(series, "epoch"),
    "loss_by_time": lambda series: curves.loss(series, "elapsed_seconds"),
    "size": lambda series: costs.bars(series, ("params", "model_file_bytes", "forward_macs")),
    "time": lambda series: costs.bars(series, ("epoch_seconds", "images_per_second", "total_seconds")),
    "memory": lambda series: costs.bars(series, ("gpu_peak_bytes", "host_peak_bytes")),
    "energy": lambda series: costs.bars(series, ("energy_joules",)),
    "pareto_time": lambda series: costs.pareto(series, "epoch_seconds"),
    "pareto_memory": lambda series: costs.pareto(series, "gpu_peak_bytes"),
    "pareto_params": lambda series: costs.pareto(series, "params"),
}


def plot(comparison: Comparison, target: Path) -> list[Path]:
    """Draw the pictures of a comparison and say which files were written.

    A target that ends in .png, .svg or .pdf gets one picture: the one of ``PICTURES`` that it is named after, else the
    overview. Any other target is a directory, made if need be, that gets all of them as PNG; a picture of which nothing
    is known is left out. Raises :class:`ResultsError` if nothing can be drawn or the target cannot be written.
    """
    with drawing():
        return _plot(series_of(comparison), target)


def _plot(series: list[Series], target: Path) -> list[Path]:
    if target.suffix.lower() in FORMATS:
        name = target.stem if target.stem in PICTURES else OVERVIEW
        figure = PICTURES[name](series)
        if figure is None:
            raise ResultsError(f"{target}: these runs lack the figures of the picture {name!r}: give others.")
        return [save(figure, target)]
    drawn = {name: figure for name, draw in PICTURES.items() if (figure := draw(series)) is not None}
    if not drawn:
        raise ResultsError(f"{target}: these runs hold nothing to draw: give runs with at least one finished epoch.")
    return [save(figure, target / f"{name}.png") for name, figure in drawn.items()]
