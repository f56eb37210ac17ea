"""What the page's scripts draw and filter, as plain values that become JSON: curves, costs with fronts, verdicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.display import Curve
from densebench.comparison.formats import format_setting, format_summary
from densebench.comparison.grouping import find_differing
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS, order_metrics
from densebench.comparison.values import Comparison, Row
from densebench.escape import plain
from densebench.records import Run
from densebench.reporting.comparison_grids import TITLES
from densebench.reporting.figures.fronts import fronts, stands_in_scatter
from densebench.reporting.figures.series import Look, Series, list_series, unfinished
from densebench.reporting.figures.style import scale_of
from densebench.reporting.page.verdicts import VerdictData, make_verdict_data
from densebench.reporting.row_columns import SHARED


@dataclass(frozen=True, kw_only=True)
class _PanelData:
    """A panel of curves: what values are multiplied by, and their unit and decimals in a reading."""

    name: str
    title: str
    axis: str
    factor: float
    unit: str
    decimals: int
    may_be_logarithmic: bool


@dataclass(frozen=True, kw_only=True)
class _CurveData:
    """The epochs of one run; ``values`` has a list for each of the panels, null where unknown or not finite."""

    seed: int | None
    epochs: list[int]
    seconds: list[float | None]
    values: list[list[float | None]]


@dataclass(frozen=True, kw_only=True)
class _RowData:
    """A row as it is drawn; its look numbers the classes of the style sheet."""

    label: str
    name: str  # short
    words: str  # what the filter searches, in lower case
    published: bool
    look: Look
    accuracy: float | None
    accuracy_range: list[float]  # lowest and highest of the runs
    accuracy_text: str
    unfinished: str  # the status of a run that did not complete, else empty
    curves: list[_CurveData]


@dataclass(frozen=True, kw_only=True)
class _CostData:
    """A cost to choose for the scatter: a value and a text for each row, and the places of each front's rows."""

    name: str
    title: str
    factor: float
    unit: str
    values: list[float | None]
    texts: list[str]
    fronts: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class PageData:
    """Everything that the scripts need."""

    panels: list[_PanelData]
    rows: list[_RowData]
    costs: list[_CostData]
    verdicts: VerdictData


def make_page_data(comparison: Comparison) -> PageData:
    series = list_series(comparison)
    panels = _list_panels()
    names = [panel.name for panel in panels]
    differing = {phase: find_differing(comparison.of(phase)) for phase in {row.phase for row in comparison.rows}}
    return PageData(
        panels=panels,
        rows=[_row_data(one, names, _list_words(one.row, differing[one.row.phase])) for one in series],
        costs=[_cost_data(comparison, metric) for metric in _known_costs(comparison)],
        verdicts=make_verdict_data(comparison),
    )


def _list_panels() -> list[_PanelData]:
    """A panel for each metric with a curve: those that lead first, what rises before what falls."""
    drawn = [(metric, metric.display.curve) for metric in METRICS.values() if metric.display.curve is not None]
    drawn.sort(key=lambda each: (not each[1].leads, each[0].best == "low"))
    return [_panel_data(metric, shown) for metric, shown in drawn]


def _panel_data(metric: Metric, shown: Curve) -> _PanelData:
    factor, unit = scale_of(metric.name, 1.0)
    return _PanelData(
        name=metric.name,
        title=shown.title,
        axis=shown.axis,
        factor=factor,
        unit=unit,
        decimals=2 if metric.show == "percent" else 4,
        may_be_logarithmic=metric.best == "low",
    )


def _list_words(row: Row, differing: Sequence[str]) -> str:
    """Label, phase, settings and runs of a row, and whether it is on the front."""
    columns = dict.fromkeys(("status", *SHARED, *differing))
    words = (row.label, TITLES.get(row.phase, row.phase), *(format_setting(row, column) for column in columns))
    words += (*(run.run for run in row.runs), "front" if row.on_front else "")
    return plain(" ".join(dict.fromkeys(words))).casefold()


def _row_data(one: Series, panels: Sequence[str], words: str) -> _RowData:
    accuracy = one.row.summary("test_accuracy")
    known = [value for value in accuracy.known if math.isfinite(value)]
    trained = one.row.runs if one.row.phase == "train" else ()
    return _RowData(
        label=plain(one.row.label),
        name=plain(one.label),
        words=words,
        published=one.published,
        look=one.look,
        accuracy=accuracy.figure,
        accuracy_range=[min(known), max(known)] if known else [],
        accuracy_text=format_summary(METRICS["test_accuracy"], accuracy),
        unfinished="" if one.published else unfinished(one.row),
        curves=[curve for run in trained if (curve := _curve_data(run, panels)).epochs],
    )


def _curve_data(run: Run, names: Sequence[str]) -> _CurveData:
    records = [record for record in run.records if record.epoch is not None]
    return _CurveData(
        seed=run.seed,
        epochs=[record.epoch for record in records if record.epoch is not None],
        seconds=[_short(record.elapsed_seconds) for record in records],
        values=[[_short(getattr(record, name)) for record in records] for name in names],
    )


def _short(value: float | None) -> float | None:
    """Six digits, which no screen outresolves; JSON has no NaN."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def _known_costs(comparison: Comparison) -> list[Metric]:
    """The costs that some row has beside a test accuracy, that of the comparison first."""
    rows = [row for row in comparison.rows if stands_in_scatter(row)]
    accurate = [row for row in rows if row.summary("test_accuracy").figure is not None]
    costs = order_metrics(lambda display: display.cost.place if display.cost else None)
    found = [cost for cost in costs if any(row.summary(cost.name).figure is not None for row in accurate)]
    return sorted(found, key=lambda cost: cost.name != comparison.options.cost.name)


def _cost_data(comparison: Comparison, metric: Metric) -> _CostData:
    name, rows = metric.name, comparison.rows
    values = [row.summary(name).figure if stands_in_scatter(row) else None for row in rows]
    factor, unit = scale_of(name, max((value for value in values if value is not None), default=0.0))
    return _CostData(
        name=name,
        title=metric.title,
        factor=factor,
        unit=unit,
        values=values,
        texts=[format_summary(metric, row.summary(name)) for row in rows],
        fronts=fronts(rows, name),
    )
