"""``--budget "gpu_peak_bytes<=8GiB,total_time<=2h"``: what a user has, and the best of what fits."""

import dataclasses
import operator
from collections.abc import Callable, Sequence

from densebench.comparison.formats import listed, summary_text
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import Budget, Limit
from densebench.comparison.values import BudgetResult, Row

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def apply_budget(rows: Sequence[Row], budget: Budget) -> tuple[list[Row], BudgetResult]:
    """The rows that remain, and what went. A row that lacks a figure stays, but is not counted as one that fits."""
    checked = [
        row if row.phase != "train" else dataclasses.replace(row, within_budget=_fits(row, budget.limits))
        for row in rows
    ]
    trained = [row for row in checked if row.phase == "train"]
    within = [row for row in trained if row.within_budget]
    accurate = [row for row in within if row.completed and row.summary("test_accuracy").figure is not None]
    best = max(accurate, key=lambda row: row.summary("test_accuracy").figure or 0.0, default=None)
    result = BudgetResult(
        budget=budget.text,
        within=tuple(row.label for row in within),
        excluded=tuple(row.label for row in trained if row.within_budget is False),
        unknown=tuple(row.label for row in trained if row.within_budget is None),
        best=best.label if best else None,
        sentence=_describe(budget.text, best, trained),
    )
    return [row for row in checked if row.within_budget is not False], result


def _fits(row: Row, limits: Sequence[Limit]) -> bool | None:
    """None if a figure is unknown that could still break its limit."""
    kept = [_keeps(row, limit) for limit in limits]
    if False in kept:
        return False
    return None if None in kept else True


def _keeps(row: Row, limit: Limit) -> bool | None:
    """None if the row lacks the figure."""
    figure = row.summary(limit.metric.name).figure
    return None if figure is None else _COMPARE[limit.sign](figure, limit.value)


def _describe(text: str, best: Row | None, trained: Sequence[Row]) -> str:
    within = sum(row.within_budget is True for row in trained)
    found = f"Within {text}: {within} of {len(trained)} rows, "
    if best is None:
        found += "none of them with a known accuracy"
    else:
        accuracy = summary_text(METRICS["test_accuracy"], best.summary("test_accuracy"))
        found += f"the most accurate {best.label} with {accuracy}"
    return f"{found}{_name_rows('left out', trained, False)}{_name_rows('a figure is unknown of', trained, None)}."


def _name_rows(what: str, trained: Sequence[Row], within: bool | None) -> str:
    labels = [row.label for row in trained if row.within_budget is within]
    return f"; {what} {listed(labels)}" if labels else ""
