"""``--budget "gpu_peak_bytes<=8GiB,total_time<=2h"``: what a user has, and the best of what fits."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import listed, summary_text
from densebench.comparison.metrics import METRICS, Metric, find_metric
from densebench.comparison.values import BudgetResult, Row
from densebench.errors import InputError
from densebench.quantities import in_unit_of, quantity

LIMIT = re.compile(r"\s*([A-Za-z0-9_]+)\s*(<=|>=|<|>)\s*(.+?)\s*")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One bound on one metric, in the metric's unit."""

    metric: Metric
    sign: str
    value: float

    def holds(self, row: Row) -> bool | None:
        """None if the row lacks the figure."""
        figure = row.summary(self.metric.name).figure
        if figure is None:
            return None
        match self.sign:
            case "<=":
                return figure <= self.value
            case ">=":
                return figure >= self.value
            case "<":
                return figure < self.value
        return figure > self.value


def limits(text: str) -> tuple[Limit, ...]:
    """Read a budget; raises :class:`InputError` for the first part that is none."""
    return tuple(limit(part) for part in text.split(","))


def limit(text: str) -> Limit:
    match = LIMIT.fullmatch(text)
    if match is None:
        raise InputError(f"--budget: {text.strip()!r} is no limit: write it as gpu_peak_bytes<=8GiB or total_time<=2h.")
    metric = find_metric(match[1])
    where = f"--budget {text.strip()}"
    return Limit(metric=metric, sign=match[2], value=in_unit_of(metric.show, quantity(match[3], where), where))


def within_budget(rows: Sequence[Row], text: str) -> tuple[list[Row], BudgetResult]:
    """The rows that remain, and what went. A row that lacks a figure stays, but is not taken for one that fits."""
    bounds = limits(text)
    placed = [
        row if row.phase != "train" else dataclasses.replace(row, within_budget=fits(row, bounds)) for row in rows
    ]
    trained = [row for row in placed if row.phase == "train"]
    within = [row for row in trained if row.within_budget]
    accurate = [row for row in within if row.completed and row.summary("test_accuracy").figure is not None]
    best = max(accurate, key=lambda row: row.summary("test_accuracy").figure or 0.0, default=None)
    result = BudgetResult(
        budget=text,
        within=tuple(row.label for row in within),
        excluded=tuple(row.label for row in trained if row.within_budget is False),
        unknown=tuple(row.label for row in trained if row.within_budget is None),
        best=best.label if best else None,
        sentence=sentence(text, best, trained),
    )
    return [row for row in placed if row.within_budget is not False], result


def fits(row: Row, bounds: Sequence[Limit]) -> bool | None:
    holding = [bound.holds(row) for bound in bounds]
    if False in holding:
        return False
    return None if None in holding else True


def sentence(text: str, best: Row | None, trained: Sequence[Row]) -> str:
    within = sum(row.within_budget is True for row in trained)
    found = f"Within {text}: {within} of {len(trained)} rows, "
    if best is None:
        found += "none of them with a known accuracy"
    else:
        accuracy = summary_text(METRICS["test_accuracy"], best.summary("test_accuracy"))
        found += f"the most accurate {best.label} with {accuracy}"
    return f"{found}{named('left out', trained, False)}{named('a figure is unknown of', trained, None)}."


def named(what: str, trained: Sequence[Row], within: bool | None) -> str:
    labels = [row.label for row in trained if row.within_budget is within]
    return f"; {what} {listed(labels)}" if labels else ""
