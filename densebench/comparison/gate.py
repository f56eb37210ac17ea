"""``--fail-on "epoch_seconds>+5%,test_accuracy<-0.3pp"``: a regression, a pass, or not enough runs to tell."""

from collections.abc import Sequence

from densebench.comparison.formats import format_estimate, format_estimate_interval
from densebench.comparison.options import Threshold
from densebench.comparison.values import Condition, GateResult, Outcome, Row, Verdict


def judge_gate(rows: Sequence[Row], thresholds: Sequence[Threshold], *, strict: bool) -> GateResult:
    """Every condition for every row that has a baseline; needs their verdicts."""
    conditions = tuple(
        _judge_condition(threshold, row) for row in rows if row.baseline is not None for threshold in thresholds
    )
    failing = {"failed", "inconclusive"} if strict else {"failed"}
    failed = any(condition.outcome in failing for condition in conditions)
    return GateResult(failed=failed, strict=strict, conditions=conditions)


def _judge_condition(threshold: Threshold, row: Row) -> Condition:
    outcome, reason = _judge(threshold, row.verdict(threshold.metric.name))
    return Condition(condition=threshold.text, row=row.label, outcome=outcome, reason=reason)


def _judge(threshold: Threshold, verdict: Verdict | None) -> tuple[Outcome, str]:
    """Failed only if the whole interval lies beyond the bound, passed only if none of it does."""
    if verdict is None:
        return "inconclusive", f"{threshold.metric.name} is unknown on a side."
    if verdict.estimate is None:
        return "inconclusive", verdict.reason
    if verdict.marked:
        return "inconclusive", f"{format_estimate(verdict)} across different hardware says nothing about the networks."
    if verdict.interval is None and verdict.word in ("better", "worse", "same"):
        outcome: Outcome = "failed" if _is_beyond(threshold, verdict.estimate) else "passed"
        return outcome, f"{format_estimate(verdict)}: {_lower_first(verdict.reason)}"
    if verdict.interval is None:
        return "inconclusive", f"{format_estimate(verdict)}: {_lower_first(verdict.reason)}"
    ends = (_is_beyond(threshold, verdict.interval.low), _is_beyond(threshold, verdict.interval.high))
    shown = f"{format_estimate(verdict)}, 95 % interval {format_estimate_interval(verdict)}"
    if all(ends):
        return "failed", f"{shown}: all of it lies beyond."
    if not any(ends):
        return "passed", f"{shown}: none of it lies beyond."
    return "inconclusive", f"{shown}: the bound lies inside."


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _is_beyond(threshold: Threshold, value: float) -> bool:
    return value > threshold.bound if threshold.above else value < threshold.bound
