"""Verdicts for every choice of a baseline, small enough to travel inside a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import format_confidence, format_estimate_interval
from densebench.comparison.judging.verdicts import judge_metric
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import order_metrics
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Comparison, Row, Verdict
from densebench.reporting.comparison_grids import mark_estimate, word_text
from densebench.reporting.row_columns import is_replaced

_MOST_BASELINES = 24  # to choose from
_MOST_PAIRS = 1200  # of a row and a baseline; all pairs would grow with the square of the rows


@dataclass(frozen=True, kw_only=True)
class _VerdictCell:
    """One verdict; ``word`` is the verdict alone, ``text`` the one displayed, ``reason`` an index into the reasons.

    ``interval`` is the one that decides and ``level`` its confidence; both are empty without a test.
    """

    row: int
    metric: int
    word: str
    text: str
    estimate: str
    interval: str
    level: str
    reason: int


@dataclass(frozen=True, kw_only=True)
class _BaselineData:
    """All verdicts against one row, given by its place."""

    row: int
    cells: list[_VerdictCell]


@dataclass(frozen=True, kw_only=True)
class VerdictData:
    """``chosen`` is the place in ``baselines`` to begin with; every reason is kept once."""

    metrics: list[str]
    baselines: list[_BaselineData]
    reasons: list[str]
    chosen: int


def make_verdict_data(comparison: Comparison) -> VerdictData:
    rows = comparison.rows
    places = _choose_baselines(rows)
    options = comparison.options
    metrics = _judged(rows)
    reasons: dict[str, int] = {}
    baselines = [
        _BaselineData(row=place, cells=_cells_against(rows, place, metrics, options, reasons)) for place in places
    ]
    return VerdictData(
        metrics=[metric.title for metric in metrics],
        baselines=baselines,
        reasons=list(reasons),
        chosen=_choose_first(rows, baselines),
    )


def _judged(rows: Sequence[Row]) -> list[Metric]:
    """The metrics of which a row has a figure, in their order on the page."""
    return [
        metric
        for metric in order_metrics(lambda display: display.page_verdict)
        if any(row.summary(metric.name).n and not is_replaced(metric, row) for row in rows)
    ]


def _choose_baselines(rows: Sequence[Row]) -> list[int]:
    """Rows that may be a baseline: the comparison's own first, then those on the front, then the others, in order."""
    measured = [place for place, row in enumerate(rows) if row.phase != "published"]
    measured.sort(key=lambda place: (not rows[place].is_baseline, not rows[place].on_front))
    most = max(4, min(_MOST_BASELINES, _MOST_PAIRS // max(len(measured), 1)))
    return sorted(measured[:most]) if len(measured) > 1 else []


def _choose_first(rows: Sequence[Row], baselines: Sequence[_BaselineData]) -> int:
    """The comparison's own baseline, else any; of these the first that a row is tested against, or at least held."""

    def rank(index: int) -> tuple[bool, bool, bool]:
        one = baselines[index]
        return not rows[one.row].is_baseline, not any(cell.interval for cell in one.cells), not one.cells

    return min(range(len(baselines)), key=rank, default=0)


def _cells_against(
    rows: Sequence[Row], place: int, metrics: Sequence[Metric], options: CompareOptions, reasons: dict[str, int]
) -> list[_VerdictCell]:
    return [
        _cell(index, number, verdict, reasons)
        for number, metric in enumerate(metrics)
        for index, verdict in _judge(metric, rows, rows[place], options)
    ]


def _judge(metric: Metric, rows: Sequence[Row], baseline: Row, options: CompareOptions) -> list[tuple[int, Verdict]]:
    """The comparison's own verdicts on the rows that it held against this one; against another, what they would be."""
    own = [(index, row) for index, row in enumerate(rows) if row.baseline == baseline.label]
    if own:
        return [(index, verdict) for index, row in own if (verdict := row.verdict(metric.name)) is not None]
    baselines = [baseline if row.phase == baseline.phase and row is not baseline else None for row in rows]
    return judge_metric(metric, rows, baselines, options.margin, options.looks)


def _cell(row: int, metric: int, verdict: Verdict, reasons: dict[str, int]) -> _VerdictCell:
    return _VerdictCell(
        row=row,
        metric=metric,
        word=verdict.word,
        text=word_text(verdict),
        estimate=mark_estimate(verdict),
        interval=format_estimate_interval(verdict, verdict.interval_holm) if verdict.interval_holm else "",
        level=format_confidence(verdict.confidence_holm) if verdict.confidence_holm is not None else "",
        reason=reasons.setdefault(verdict.reason, len(reasons)),
    )
