"""Each row against its baseline in a word, which may be ``inconclusive``."""

import dataclasses
import math
from collections.abc import Sequence

from densebench.comparison import statistics
from densebench.comparison.comparability import obstacles
from densebench.comparison.contrasts import compared, scaled, sides_of
from densebench.comparison.metrics import METRICS, Metric
from densebench.comparison.options import Margin
from densebench.comparison.values import Interval, Row, Verdict, Word
from densebench.comparison.wording import describe

LEVEL = 0.05


def judged(rows: Sequence[Row], baselines: Sequence[Row | None], margin: Margin) -> list[Row]:
    """The rows with their verdicts; Holm's adjustment runs over the rows of each metric."""
    verdicts: list[list[Verdict]] = [[] for _ in rows]
    for metric in METRICS.values():
        for index, verdict in held_together(metric, rows, baselines, margin):
            verdicts[index].append(verdict)
    return [
        dataclasses.replace(row, baseline=baseline.label if baseline else None, verdicts=tuple(found))
        for row, baseline, found in zip(rows, baselines, verdicts, strict=True)
    ]


def held_together(
    metric: Metric, rows: Sequence[Row], baselines: Sequence[Row | None], margin: Margin
) -> list[tuple[int, Verdict]]:
    """The verdicts of one metric, each with the index of its row."""
    found = []
    for index, (row, baseline) in enumerate(zip(rows, baselines, strict=True)):
        if baseline is not None and row.summary(metric.name).n and baseline.summary(metric.name).n:
            found.append((index, compared(metric, row, baseline)))
    tested = [verdict.p for _, verdict in found if verdict.p is not None]
    adjusted = iter(statistics.holm(tested))
    held = [
        (index, dataclasses.replace(verdict, p_holm=next(adjusted)) if verdict.p is not None else verdict)
        for index, verdict in found
    ]
    return [(index, decided(metric, verdict, rows[index], baselines[index], margin)) for index, verdict in held]


def decided(metric: Metric, verdict: Verdict, row: Row, baseline: Row | None, margin: Margin) -> Verdict:
    assert baseline is not None
    word = word_of(metric, verdict, row, baseline, margin)
    verdict = dataclasses.replace(verdict, word=word)
    if word == "inconclusive":
        verdict = dataclasses.replace(verdict, more_seeds=more_seeds(metric, verdict, row, baseline, margin))
    if word == "no test" and metric.show == "percent":
        verdict = dataclasses.replace(verdict, floor=floor(metric, row, baseline))
    return dataclasses.replace(verdict, reason=describe(metric, verdict, row, baseline))


def word_of(metric: Metric, verdict: Verdict, row: Row, baseline: Row, margin: Margin) -> Word:
    if obstacles(metric, row, baseline):
        return "not comparable"
    if verdict.estimate is None:
        return "inconclusive"
    if metric.exact or (metric.show == "bytes" and without_spread(metric, row, baseline)):
        return direction(metric, verdict.estimate)
    if min(row.summary(metric.name).n, baseline.summary(metric.name).n) < 2:
        return "no test"
    if verdict.interval is None:
        return "inconclusive"
    if within_margin(metric, verdict.interval, margin):
        return "same"
    return direction(metric, verdict.estimate) if (verdict.p_holm or 0) < LEVEL else "inconclusive"


def without_spread(metric: Metric, row: Row, baseline: Row) -> bool:
    """Several runs a side, all of one value: an allocator's peak repeats to the byte, so its difference is real."""
    return row.summary(metric.name).deviation == 0 == baseline.summary(metric.name).deviation


def direction(metric: Metric, estimate: float) -> Word:
    neutral = 1.0 if metric.kind == "ratio" else 0.0
    if estimate == neutral:
        return "same"
    return "better" if (estimate < neutral) == (metric.best == "low") else "worse"


def margin_of(metric: Metric, margin: Margin) -> float:
    """On the scale of the test; losses have none."""
    if metric.kind == "ratio":
        return math.log1p(margin.ratio)
    return margin.difference if metric.show == "percent" else 0.0


def within_margin(metric: Metric, interval: Interval, margin: Margin) -> bool:
    limit = margin_of(metric, margin)
    return -limit <= scaled(metric, interval.low) and scaled(metric, interval.high) <= limit


def more_seeds(metric: Metric, verdict: Verdict, row: Row, baseline: Row, margin: Margin) -> int | None:
    """How many more runs a side would probably settle it, from the spread seen so far."""
    sides = sides_of(metric, row, baseline)
    if sides is None or verdict.estimate is None or verdict.interval is None:
        return None
    if verdict.paired:
        differences = [ours - theirs for ours, theirs in zip(sides.row, sides.baseline, strict=True)]
        spread = statistics.variance(differences)
    else:
        spread = statistics.variance(sides.row) + statistics.variance(sides.baseline)
    needed = statistics.seeds_needed(
        scaled(metric, verdict.estimate), math.sqrt(spread), margin_of(metric, margin), pairs=verdict.paired
    )
    return None if needed is None else max(1, needed - min(len(sides.row), len(sides.baseline)))


def floor(metric: Metric, row: Row, baseline: Row) -> float | None:
    images, ours, theirs = (
        row.runs[0].test_images,
        row.summary(metric.name).figure,
        baseline.summary(metric.name).figure,
    )
    if not images or ours is None or theirs is None or metric.name.startswith(("train", "validation")):
        return None
    return statistics.binomial_floor(ours, theirs, images)
