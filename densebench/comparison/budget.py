"""``--budget "gpu_peak_bytes<=8GiB,total_time<=2h"``: what a user has, and the best of what fits."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.comparability import get_terms
from densebench.comparison.formats import format_summary
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import Budget, Limit
from densebench.comparison.values import BudgetResult, Row
from densebench.errors import join_names


@dataclass(frozen=True)
class _Aim:
    """What the best row of a phase is best at."""

    metric: str
    word: str
    best: str
    of: str  # what of, where other phases are answered first
    unit: str = ""  # that the figure is shown without


# of the phases that a budget is for
_AIMS = {
    "train": _Aim("test_accuracy", "accuracy", "most accurate", "the trainings"),
    "speed": _Aim("images_per_second", "throughput", "fastest", "the measurements of speed", " images/s"),
    "inference": _Aim("images_per_second", "throughput", "fastest", "the measurements of inference", " images/s"),
}


def apply_budget(rows: Sequence[Row], budget: Budget) -> tuple[list[Row], BudgetResult]:
    """The rows that remain, and what went. A row that lacks a figure stays, but is not counted as one that fits."""
    checked = [
        dataclasses.replace(row, within_budget=_fits(row, budget.limits)) if row.phase in _AIMS else row for row in rows
    ]
    phases = [[row for row in checked if row.phase == phase] for phase in _AIMS]
    judged = [row for phase in phases for row in phase]
    best = next(filter(None, map(_find_best, phases)), [])
    result = BudgetResult(
        budget=budget.text,
        within=tuple(row.label for row in judged if row.within_budget),
        excluded=tuple(row.label for row in judged if row.within_budget is False),
        unknown=tuple(row.label for row in judged if row.within_budget is None),
        best=best[0].label if len(best) == 1 else None,
        sentence=_describe(budget.text, phases),
    )
    return [row for row in checked if row.within_budget is not False], result


def _fits(row: Row, limits: Sequence[Limit[Metric]]) -> bool | None:
    """None if a figure is unknown that could still break its limit."""
    kept = [_keeps(row, limit) for limit in limits]
    if False in kept:
        return False
    return None if None in kept else True


def _keeps(row: Row, limit: Limit[Metric]) -> bool | None:
    """None if the row lacks the figure. A target that a run never reached lies beyond any time.

    What a row that is not completed costs as a whole can break a limit already, and cannot keep it yet.
    """
    summary = row.summary(_find_measured(row, limit.of).name)
    figure = math.inf if summary.missed else summary.figure
    if figure is None:
        return None
    kept = limit.is_kept(figure)
    return None if kept and limit.of.needs_end and not row.completed else kept


def _find_measured(row: Row, metric: Metric) -> Metric:
    """On a CPU, what stands in for a figure of GPUs alone: memory there is the host's."""
    if any(run.environment.device_kind != "cpu" for run in row.runs) or row.summary(metric.name).n:
        return metric
    return next((other for other in METRICS.values() if other.stands_in_for == metric.name), metric)


def _find_best(rows: Sequence[Row]) -> list[Row]:
    """Of the rows of a phase that fit and are completed, the best at what the phase is about.

    One for each set of rows whose figures may be compared, such as those of one dataset.
    """
    best: dict[tuple[object, ...], Row] = {}
    for row in rows:
        if row.within_budget and row.completed and (figure := _aim_figure(row)) is not None:
            terms = get_terms(METRICS[_AIMS[row.phase].metric], row)
            if terms not in best or figure > (_aim_figure(best[terms]) or 0.0):
                best[terms] = row
    return list(best.values())


def _aim_figure(row: Row) -> float | None:
    return row.summary(_AIMS[row.phase].metric).figure


def _describe(text: str, phases: Sequence[Sequence[Row]]) -> str:
    """One answer for each phase that has rows."""
    answers = [(_AIMS[rows[0].phase].of, _describe_phase(rows)) for rows in phases if rows]
    said = [answer if place == 0 else f"Of {of}: {answer}" for place, (of, answer) in enumerate(answers)]
    return f"Within {text}: {'. '.join(said) or 'no row that can be judged'}."


def _describe_phase(rows: Sequence[Row]) -> str:
    within, best, aim = sum(row.within_budget is True for row in rows), _find_best(rows), _AIMS[rows[0].phase]
    metric = METRICS[aim.metric]
    named = [f"{row.label} with {format_summary(metric, row.summary(aim.metric))}{aim.unit}" for row in best]
    found = f"{within} of {len(rows)} rows, "
    if not best:
        found += f"none of them with a known {aim.word}"
    else:
        apart = f", whose {aim.word} cannot be compared" if len(best) > 1 else ""
        found += f"the {aim.best} {join_names(named)}{apart}"
    return f"{found}{_name_rows('left out', rows, False)}{_name_rows('a figure is unknown of', rows, None)}"


def _name_rows(what: str, rows: Sequence[Row], within: bool | None) -> str:
    labels = [row.label for row in rows if row.within_budget is within]
    return f"; {what} {join_names(labels)}" if labels else ""
