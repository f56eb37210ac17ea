"""Each row against its baseline in a word, which may be ``inconclusive``, and a sentence that says why."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison import statistics
from densebench.comparison.formats import describe_difference, format_p
from densebench.comparison.judging.contrasts import Contrast, contrast, count_seeds, interval_from_scale, to_scale
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import Margin
from densebench.comparison.statistics import Interval
from densebench.comparison.values import TIME_TO_TARGET, Row, Verdict, Word


def judge_rows(rows: Sequence[Row], baselines: Sequence[Row | None], margin: Margin, looks: int = 1) -> list[Row]:
    """The rows with their verdicts; Holm's adjustment runs over the rows of each metric."""
    verdicts: list[list[Verdict]] = [[] for _ in rows]
    for metric in METRICS.values():
        for index, verdict in judge_metric(metric, rows, baselines, margin, looks):
            verdicts[index].append(verdict)
    return [
        dataclasses.replace(row, baseline=baseline.label if baseline else None, verdicts=tuple(found))
        for row, baseline, found in zip(rows, baselines, verdicts, strict=True)
    ]


def judge_metric(
    metric: Metric,
    rows: Sequence[Row],
    baselines: Sequence[Row | None],
    margin: Margin,
    looks: int = 1,
) -> list[tuple[int, Verdict]]:
    """The verdicts of one metric, each with the index of its row; none where a side lacks the figure.

    The chance of any false one that finds a difference is 5 % over all ``looks``, and so is that of any false ``same``.
    """
    contrasts = [
        (index, contrast(metric, row, baseline))
        for index, (row, baseline) in enumerate(zip(rows, baselines, strict=True))
        if baseline is not None and row.summary(metric.name).n and baseline.summary(metric.name).n
    ]
    decisions = _decide([found for _, found in contrasts], statistics.share_alpha(looks))
    plan = _Plan(looks=max(2, looks), tests=sum(found.p is not None for _, found in contrasts))
    return [
        (index, _judge(found, decision, margin, plan))
        for (index, found), decision in zip(contrasts, decisions, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A further comparison with more seeds, which is a further look."""

    looks: int
    tests: int

    @property
    def alpha(self) -> float:
        return statistics.share_alpha(self.looks) / self.tests


@dataclass(frozen=True, kw_only=True)
class _Decision:
    """What Holm's method decides of one test among the rows of a metric."""

    rejects: bool  # that there is no difference
    p_holm: float
    alpha: float  # that ``p_holm`` must stay below
    common: float  # alpha of an interval that holds for all rows together
    step: float  # alpha of the interval that agrees with ``rejects``; seldom another


def _decide(contrasts: Sequence[Contrast], alpha: float) -> list[_Decision | None]:
    """None where there is no test, or too few runs to decide on it."""
    p_values = [found.p for found in contrasts if found.p is not None and not found.too_few]
    steps = iter(zip(statistics.holm(p_values), statistics.decision_alphas(p_values, alpha), strict=True))
    found: list[_Decision | None] = []
    for each in contrasts:
        if each.p is None or each.too_few:
            found.append(None)
            continue
        p_holm, step = next(steps)
        decision = _Decision(
            rejects=p_holm < alpha, p_holm=p_holm, alpha=alpha, common=alpha / len(p_values), step=step
        )
        found.append(decision)
    return found


def _judge(found: Contrast, decision: _Decision | None, margin: Margin, plan: _Plan) -> Verdict:
    word = _choose_word(found, decision, margin)
    needed = _count_seeds(found, margin, plan) if word == "inconclusive" else None
    alpha = None if decision is None else decision.common if word == "same" else decision.step
    return Verdict(
        metric=found.metric.name,
        kind=found.metric.kind,
        word=word,
        estimate=found.estimate,
        interval=found.interval,
        p=found.p,
        interval_holm=None if alpha is None else _interval_at(alpha, found),
        confidence_holm=None if alpha is None else 1 - alpha,
        p_holm=None if decision is None else decision.p_holm,
        error=found.error,
        freedom=found.freedom,
        p_permutation=found.p_permutation,
        p_permutation_least=found.p_permutation_least,
        paired=found.paired,
        too_few=found.too_few,
        more_seeds=None if needed is None else needed - min(found.runs),
        seeds_needed=needed,
        floor=found.floor,
        marked=found.marked,
        reason=_describe(found, word, decision, _advise_seeds(needed, min(found.runs), plan.looks)),
    )


def _interval_at(alpha: float, found: Contrast) -> Interval | None:
    if found.estimate is None or found.error is None or found.freedom is None:
        return None
    estimate = to_scale(found.metric, found.estimate)
    return interval_from_scale(found.metric, statistics.interval_at(alpha, estimate, found.error, found.freedom))


def _choose_word(found: Contrast, decision: _Decision | None, margin: Margin) -> Word:
    if found.obstacles:
        return "not comparable"
    if found.estimate is None:
        return "inconclusive"
    # an allocator's peak repeats to the byte, so its difference is real
    if found.metric.exact or (found.metric.show == "bytes" and found.repeats):
        return _direction(found.metric, found.estimate)
    if min(found.runs) < 2:
        return "no test"
    if decision is None:
        return "inconclusive"
    if _lies_within(_limit_of(found.metric, margin), found.metric, _interval_at(decision.common, found)):
        return "same"
    return _direction(found.metric, found.estimate) if decision.rejects else "inconclusive"


def _lies_within(limit: float, metric: Metric, interval: Interval | None) -> bool:
    if interval is None:
        return False
    return -limit <= to_scale(metric, interval.low) and to_scale(metric, interval.high) <= limit


def _direction(metric: Metric, estimate: float) -> Word:
    neutral = 1.0 if metric.kind == "ratio" else 0.0
    if estimate == neutral:
        return "same"
    return "better" if (estimate < neutral) == (metric.best == "low") else "worse"


def _limit_of(metric: Metric, margin: Margin) -> float:
    """The margin on the scale of the test; losses have none."""
    if metric.kind == "ratio":
        return math.log1p(margin.ratio)
    return margin.difference if metric.show == "percent" else 0.0


def _count_seeds(found: Contrast, margin: Margin, plan: _Plan) -> int | None:
    """How many runs a side, more than there are, would probably settle it, from the spread seen so far."""
    if found.estimate is None or found.spread is None:
        return None
    limit = _limit_of(found.metric, margin)
    needed = count_seeds(to_scale(found.metric, found.estimate), found.spread, limit, plan.alpha)
    return None if needed is None else max(min(found.runs) + 1, needed)


def _describe(contrast: Contrast, word: Word, decision: _Decision | None, advice: str) -> str:
    """Why the verdict is what it is, in one sentence."""
    metric = contrast.metric
    if word == "not comparable":
        return _describe_obstacles(contrast.obstacles)
    if metric.exact:
        return "Exact, so without a test."
    if word == "no test":
        return _sentence(f"one run on a side allows no test{_floor_text(contrast.floor)}")
    if contrast.estimate is None and metric is TIME_TO_TARGET:
        return "A run never reached its target, so it has no time to it."
    if contrast.estimate is None:
        return f"A value is not a finite number{' above 0' if metric.kind == 'ratio' else ''}."
    counts = f"{contrast.runs[0]} against {contrast.runs[1]} runs"
    if contrast.p is None:
        return _sentence(f"no run differs from the others of its side, {counts}")
    if decision is None:
        return _sentence(f"{counts} are too few for Welch's t test, which may then give 12 % false verdicts{advice}")
    test = "paired by seed" if contrast.paired else "Welch's t test"
    limit = "" if decision.alpha == statistics.ALPHA else f" against {decision.alpha:.3f} for several looks"
    return _sentence(
        f"{test}, {counts}, p {format_p(decision.p_holm)}{limit}{advice if word == 'inconclusive' else ''}"
    )


def _describe_obstacles(columns: Sequence[str]) -> str:
    unequal = [column for column in columns if column != "status"]
    parts = [describe_difference(unequal)] if unequal else []
    if "status" in columns:
        parts.append("a run is not completed")
    return _sentence("; ".join(parts))


def _floor_text(floor: float | None) -> str:
    if floor is None:
        return ""
    return f"; the number of test images alone leaves it open by ±{floor * 100:.2f} pp"


def _advise_seeds(needed: int | None, runs: int, looks: int) -> str:
    if needed is None:
        return "; more seeds will hardly settle it"
    seeds = "seed" if needed == runs + 1 else "seeds"
    return f"; about {needed - runs} more {seeds} a side would probably settle it, compared with --looks {looks}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
