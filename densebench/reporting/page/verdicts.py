"""Verdicts for every choice of a baseline, small enough to travel inside a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import format_estimate_interval
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import Margin
from densebench.comparison.values import Comparison, Row, Verdict
from densebench.comparison.verdicts import judge_metric
from densebench.reporting.verdict_grid import marked_estimate, word_text

JUDGED = (
    "test_accuracy", "test_loss", "epoch_seconds", "total_seconds", "gpu_peak_bytes", "host_peak_bytes",
    "energy_joules", "params", "forward_macs",
)  # fmt: skip
MOST_BASELINES = 24  # to choose from
MOST_PAIRS = 1200  # of a row and a baseline; all pairs would grow with the square of the rows


@dataclass(frozen=True, kw_only=True)
class VerdictCell:
    """One verdict as it is shown; ``word`` is the plain one, ``reason`` a place in the list of reasons."""

    row: int
    metric: int
    word: str
    told: str
    estimate: str
    interval: str
    reason: int


@dataclass(frozen=True, kw_only=True)
class BaselineData:
    """All verdicts against one row, given by its place."""

    row: int
    cells: list[VerdictCell]


@dataclass(frozen=True, kw_only=True)
class VerdictData:
    """``chosen`` is the place in ``baselines`` to begin with; every reason is kept once."""

    metrics: list[str]
    baselines: list[BaselineData]
    reasons: list[str]
    chosen: int


def verdict_data(comparison: Comparison) -> VerdictData:
    rows = comparison.rows
    places = candidates(rows)
    names = [name for name in JUDGED if is_told(name, rows)]
    reasons: dict[str, int] = {}
    baselines = [
        BaselineData(row=place, cells=cells_against(rows, place, names, comparison.options.margin, reasons))
        for place in places
    ]
    chosen = next((index for index, place in enumerate(places) if rows[place].is_baseline), 0)
    return VerdictData(
        metrics=[METRICS[name].title for name in names], baselines=baselines, reasons=list(reasons), chosen=chosen
    )


def is_told(name: str, rows: Sequence[Row]) -> bool:
    """Host memory is told of rows that lack the GPU's."""
    if name == "host_peak_bytes":
        rows = [row for row in rows if not row.summary("gpu_peak_bytes").n]
    return any(row.summary(name).n for row in rows)


def candidates(rows: Sequence[Row]) -> list[int]:
    """Rows that may be a baseline: the comparison's own first, then those on the front, then the others, in order."""
    measured = [place for place, row in enumerate(rows) if row.phase != "published"]
    measured.sort(key=lambda place: (not rows[place].is_baseline, not rows[place].on_front))
    most = max(4, min(MOST_BASELINES, MOST_PAIRS // max(len(measured), 1)))
    return sorted(measured[:most]) if len(measured) > 1 else []


def cells_against(
    rows: Sequence[Row], place: int, names: Sequence[str], allowed: Margin, reasons: dict[str, int]
) -> list[VerdictCell]:
    baseline = rows[place]
    baselines = [baseline if row.phase == baseline.phase and row is not baseline else None for row in rows]
    return [
        cell(index, number, verdict, reasons)
        for number, name in enumerate(names)
        for index, verdict in judge_metric(METRICS[name], rows, baselines, allowed)
    ]


def cell(row: int, metric: int, verdict: Verdict, reasons: dict[str, int]) -> VerdictCell:
    return VerdictCell(
        row=row,
        metric=metric,
        word=verdict.word,
        told=word_text(verdict),
        estimate=marked_estimate(verdict),
        interval=format_estimate_interval(verdict) if verdict.interval is not None else "",
        reason=reasons.setdefault(verdict.reason, len(reasons)),
    )
