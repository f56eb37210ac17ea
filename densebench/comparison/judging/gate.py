"""``--fail-on "epoch_seconds>+5%,test_accuracy<-0.3pp"``: a regression, a pass, or not enough runs to tell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison import statistics
from densebench.comparison.baseline import list_unmatched
from densebench.comparison.formats import format_confidence, format_estimate, format_estimate_interval
from densebench.comparison.judging.contrasts import interval_from_scale, to_scale
from densebench.comparison.options import GateLevel, Threshold
from densebench.comparison.statistics import ALPHA
from densebench.comparison.values import Condition, GateResult, Outcome, Row, Verdict

_UNMATCHED = "No single row of the baseline corresponds to it."
_MISSING = "It is the baseline's, and nothing was given to compare with it."


@dataclass(frozen=True, kw_only=True)
class _Test:
    """A condition that a test decides: the figures of its verdict, on the scale of the test."""

    threshold: Threshold
    verdict: Verdict
    estimate: float
    error: float
    freedom: float

    @property
    def p(self) -> float:
        """That the true change does not lie beyond the bound: 1 where the estimate itself does not."""
        distance = self.estimate - to_scale(self.threshold.metric, self.threshold.bound)
        return statistics.p_beyond(distance if self.threshold.above else -distance, self.error, self.freedom)


def judge_gate(
    rows: Sequence[Row],
    thresholds: Sequence[Threshold],
    *,
    strict: bool,
    level: GateLevel = "family",
    alpha: float = ALPHA,
    missing: Sequence[Row] = (),
) -> GateResult:
    """Every condition for every row that has a baseline, or lacks its counterpart in it; needs their verdicts.

    ``missing`` are rows of the baseline that lack theirs.
    ``alpha`` is the chance that any condition fails without a reason, or with the level ``each`` that a given one does.
    """
    pairs = [(threshold, row) for row in rows if row.baseline is not None for threshold in thresholds]
    tests = [_find_test(threshold, row.verdict(threshold.metric.name)) for threshold, row in pairs]
    alphas = iter(_choose_alphas([test.p for test in tests if test is not None], level, alpha))
    conditions = [
        _judge_without_test(threshold, row) if test is None else _judge_test(test, row.label, next(alphas))
        for (threshold, row), test in zip(pairs, tests, strict=True)
    ]
    alone = [*((row, _UNMATCHED) for row in list_unmatched(rows)), *((row, _MISSING) for row in missing)]
    conditions += [
        Condition(condition=threshold.text, row=row.label, outcome="inconclusive", reason=reason)
        for row, reason in alone
        for threshold in thresholds
    ]
    failing = {"failed", "inconclusive"} if strict else {"failed"}
    failed = any(condition.outcome in failing for condition in conditions)
    return GateResult(failed=failed, strict=strict, level=level, conditions=tuple(conditions))


def _choose_alphas(p_values: Sequence[float], level: GateLevel, alpha: float) -> list[float]:
    return [alpha] * len(p_values) if level == "each" else statistics.decision_alphas(p_values, alpha)


def _find_test(threshold: Threshold, verdict: Verdict | None) -> _Test | None:
    """None where no test decides the condition, or none may."""
    if verdict is None or verdict.marked or verdict.interval_holm is None:
        return None
    if verdict.estimate is None or verdict.error is None or verdict.freedom is None:
        return None
    return _Test(
        threshold=threshold,
        verdict=verdict,
        estimate=to_scale(threshold.metric, verdict.estimate),
        error=verdict.error,
        freedom=verdict.freedom,
    )


def _judge_without_test(threshold: Threshold, row: Row) -> Condition:
    outcome, reason = _explain_without_test(threshold, row.verdict(threshold.metric.name))
    return Condition(condition=threshold.text, row=row.label, outcome=outcome, reason=reason)


def _explain_without_test(threshold: Threshold, verdict: Verdict | None) -> tuple[Outcome, str]:
    if verdict is None:
        return "inconclusive", f"{threshold.metric.name} is unknown on a side."
    if verdict.estimate is None:
        return "inconclusive", verdict.reason
    shown = format_estimate(verdict)
    if verdict.marked:
        return "inconclusive", f"{shown} across different hardware says nothing about the networks."
    reason = f"{shown}: {_lower_first(verdict.reason)}"
    if verdict.word not in ("better", "worse", "same"):
        return "inconclusive", reason
    return "failed" if _is_beyond(threshold, verdict.estimate) else "passed", reason


def _judge_test(test: _Test, row: str, alpha: float) -> Condition:
    """Failed only if the whole interval lies beyond the bound, passed only if none of it does."""
    threshold, verdict = test.threshold, test.verdict
    interval = interval_from_scale(
        threshold.metric, statistics.interval_at(alpha, test.estimate, test.error, test.freedom)
    )
    outcome, meaning = _OUTCOMES[_is_beyond(threshold, interval.low) + _is_beyond(threshold, interval.high)]
    shown = f"{format_confidence(1 - alpha)} interval {format_estimate_interval(verdict, interval)}"
    reason = f"{format_estimate(verdict)}, {shown}: {meaning}{_compare_words(outcome, verdict, alpha)}."
    return Condition(condition=threshold.text, row=row, outcome=outcome, reason=reason, confidence=1 - alpha)


# by how many ends of the interval lie beyond the bound
_OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    ("passed", "none of it lies beyond"),
    ("inconclusive", "the bound lies inside"),
    ("failed", "all of it lies beyond"),
)


def _compare_words(outcome: Outcome, verdict: Verdict, alpha: float) -> str:
    """Why the verdict says something else, where it does."""
    if outcome == "failed" and verdict.word == "same":
        return "; the verdict is same, as it lies within --margin"
    decided = verdict.word != "inconclusive"
    if decided == (outcome != "inconclusive") or verdict.confidence_holm is None:
        return ""
    if math.isclose(verdict.confidence_holm, 1 - alpha):
        return ""
    return f"; the verdict, {verdict.word}, takes {format_confidence(verdict.confidence_holm)}"


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _is_beyond(threshold: Threshold, value: float) -> bool:
    return value > threshold.bound if threshold.above else value < threshold.bound
