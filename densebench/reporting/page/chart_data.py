"""What the page's scripts draw, as plain values that become JSON: curves, costs with their fronts, verdicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import summary_text
from densebench.comparison.metrics import METRICS, Metric, order_metrics
from densebench.comparison.values import Comparison
from densebench.escape import plain
from densebench.records import Run
from densebench.reporting.figures.fronts import fronts, stands_in_scatter
from densebench.reporting.figures.series import COLOURS, DASHES, MARKERS, Series, series_of, unfinished
from densebench.reporting.figures.style import scale_of
from densebench.reporting.page.verdicts import VerdictData, verdict_data


@dataclass(frozen=True, kw_only=True)
class _CurveData:
    """The epochs of one run; ``values`` has a list for each of the curves, null where unknown or not finite."""

    seed: int | None
    epochs: list[int]
    seconds: list[float | None]
    values: list[list[float | None]]


@dataclass(frozen=True, kw_only=True)
class _RowData:
    """A row as it is drawn: ``colour``, ``dash`` and ``marker`` number the classes of the style sheet."""

    label: str
    name: str  # short
    published: bool
    colour: int
    dash: int
    marker: int
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

    curves: tuple[str, ...]
    rows: list[_RowData]
    costs: list[_CostData]
    verdicts: VerdictData


def page_data(comparison: Comparison) -> PageData:
    series = series_of(comparison)
    curves = tuple(metric.name for metric in METRICS.values() if metric.display.curve is not None)
    return PageData(
        curves=curves,
        rows=[_row_data(one, curves) for one in series],
        costs=[_cost_data(comparison, metric) for metric in _known_costs(comparison)],
        verdicts=verdict_data(comparison),
    )


def _row_data(one: Series, curves: Sequence[str]) -> _RowData:
    accuracy = one.row.summary("test_accuracy")
    known = [value for value in accuracy.known if math.isfinite(value)]
    trained = one.row.runs if one.row.phase == "train" else ()
    return _RowData(
        label=plain(one.row.label),
        name=plain(one.label),
        published=one.published,
        colour=one.index % len(COLOURS),
        dash=one.index // len(COLOURS) % len(DASHES),
        marker=MARKERS.index(one.marker),
        accuracy=accuracy.figure,
        accuracy_range=[min(known), max(known)] if known else [],
        accuracy_text=summary_text(METRICS["test_accuracy"], accuracy),
        unfinished="" if one.published else unfinished(one.row),
        curves=[curve for run in trained if (curve := _curve_data(run, curves)).epochs],
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
        texts=[summary_text(metric, row.summary(name)) for row in rows],
        fronts=fronts(rows, name),
    )
