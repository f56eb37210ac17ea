"""``--fail-on "epoch_seconds>+5%,test_accuracy<-0.3pp"``: a regression, a pass, or not enough runs to tell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.metrics import Metric, find_metric
from densebench.comparison.values import Condition, GateResult, Outcome, Row, Verdict
from densebench.comparison.wording import estimate_text, interval_of
from densebench.errors import InputError
from densebench.quantities import quantity
from densebench.units import Form

CONDITION = re.compile(r"\s*([A-Za-z0-9_]+)\s*([<>])\s*([+-])\s*([0-9.].*?)\s*")


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A condition under which a row fails: its ratio or difference above, or below, a bound."""

    text: str
    metric: Metric
    above: bool
    bound: float  # a ratio, or a difference in the metric's unit


def thresholds(text: str) -> tuple[Threshold, ...]:
    """Read ``--fail-on``; raises :class:`InputError` for the first part that is no condition."""
    return tuple(threshold(part) for part in text.split(","))


def threshold(text: str) -> Threshold:
    text = text.strip()
    match = CONDITION.fullmatch(text)
    if match is None:
        raise InputError(
            f"--fail-on: {text!r} is no condition: write it as epoch_seconds>+5% or test_accuracy<-0.3pp, with a sign."
        )
    metric = find_metric(match[1])
    given = quantity(match[4], f"--fail-on {text}")
    signed = given.value if match[3] == "+" else -given.value
    if given.form != form_of(metric) or (metric.kind == "ratio" and signed <= -1):
        raise InputError(f"--fail-on {text}: {advice(metric)}.")
    bound = 1 + signed if metric.kind == "ratio" else signed
    return Threshold(text=text, metric=metric, above=match[2] == ">", bound=bound)


def form_of(metric: Metric) -> Form:
    if metric.kind == "ratio":
        return "percent"
    return "points" if metric.show == "percent" else "plain"


def advice(metric: Metric) -> str:
    if metric.kind == "ratio":
        return f"{metric.name} is compared by its ratio, so give a share above -100%, as +5%"
    if metric.show == "percent":
        return f"{metric.name} is compared by its difference, so give points, as -0.3pp"
    return f"{metric.name} is compared by its difference, so give a plain number, as +0.1"


def gate(rows: Sequence[Row], text: str, *, strict: bool) -> GateResult:
    """Every condition for every row that has a baseline; needs their verdicts."""
    bounds = thresholds(text)
    found = tuple(condition(bound, row) for row in rows if row.baseline is not None for bound in bounds)
    failing = {"failed", "inconclusive"} if strict else {"failed"}
    return GateResult(failed=any(entry.outcome in failing for entry in found), strict=strict, conditions=found)


def condition(bound: Threshold, row: Row) -> Condition:
    outcome, reason = outcome_of(bound, row.verdict(bound.metric.name))
    return Condition(condition=bound.text, row=row.label, outcome=outcome, reason=reason)


def outcome_of(bound: Threshold, verdict: Verdict | None) -> tuple[Outcome, str]:
    """Failed only if the whole interval lies beyond the bound, passed only if none of it does."""
    if verdict is None:
        return "inconclusive", f"{bound.metric.name} is unknown on a side."
    if verdict.estimate is None:
        return "inconclusive", verdict.reason
    if verdict.marked:
        return "inconclusive", f"{estimate_text(verdict)} across different hardware says nothing about the networks."
    if verdict.interval is None and verdict.word in ("better", "worse", "same"):
        outcome: Outcome = "failed" if beyond(bound, verdict.estimate) else "passed"
        return outcome, f"{estimate_text(verdict)}: {lowered(verdict.reason)}"
    if verdict.interval is None:
        return "inconclusive", f"{estimate_text(verdict)}: {lowered(verdict.reason)}"
    ends = (beyond(bound, verdict.interval.low), beyond(bound, verdict.interval.high))
    shown = f"{estimate_text(verdict)}, 95 % interval {interval_of(verdict)}"
    if all(ends):
        return "failed", f"{shown}: all of it lies beyond."
    if not any(ends):
        return "passed", f"{shown}: none of it lies beyond."
    return "inconclusive", f"{shown}: the bound lies inside."


def lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def beyond(bound: Threshold, value: float) -> bool:
    return value > bound.bound if bound.above else value < bound.bound
