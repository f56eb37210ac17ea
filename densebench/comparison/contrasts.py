"""A row against its baseline in numbers: ratio or difference, interval and p's, before any word."""

import dataclasses
import math
from dataclasses import dataclass

from densebench.comparison import statistics
from densebench.comparison.comparability import across_hardware, obstacles
from densebench.comparison.metrics import Metric
from densebench.comparison.values import Interval, Row, Verdict

LARGEST_LOGARITHM = 709.0


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The finite values of a row and of its baseline, on the scale of the test: logarithms for ratios."""

    row: tuple[float, ...]
    baseline: tuple[float, ...]
    paired: bool


def compared(metric: Metric, row: Row, baseline: Row) -> Verdict:
    """Estimate, interval and p's; the word is decided once Holm's adjustment is known."""
    verdict = Verdict(
        metric=metric.name,
        kind=metric.kind,
        word="inconclusive",
        estimate=estimate(metric, row, baseline),
        interval=None,
        p=None,
        p_holm=None,
        p_permutation=None,
        paired=False,
        more_seeds=None,
        floor=None,
        marked=across_hardware(metric, row, baseline),
        reason="",
    )
    sides = sides_of(metric, row, baseline)
    if metric.exact or sides is None or obstacles(metric, row, baseline):
        return verdict
    test = statistics.paired(sides.row, sides.baseline) if sides.paired else None
    paired = test is not None
    test = test or statistics.welch(sides.row, sides.baseline)
    if test is None:
        return verdict
    permute = statistics.paired_permutation if paired else statistics.permutation
    return dataclasses.replace(
        verdict,
        estimate=on_scale(metric, test.estimate),
        interval=Interval(low=on_scale(metric, test.interval.low), high=on_scale(metric, test.interval.high)),
        p=test.p,
        p_permutation=permute(sides.row, sides.baseline),
        paired=paired,
    )


def estimate(metric: Metric, row: Row, baseline: Row) -> float | None:
    """Of the means; where logarithms are tested, the ratio of geometric means replaces it."""
    ours, theirs = row.summary(metric.name).figure, baseline.summary(metric.name).figure
    if ours is None or theirs is None or obstacles(metric, row, baseline):
        return None
    if metric.kind == "difference":
        return ours - theirs
    return ours / theirs if theirs > 0 else None


def sides_of(metric: Metric, row: Row, baseline: Row) -> Sides | None:
    """Both sides, seed by seed if their seeds are the same; None if a value allows no reckoning."""
    ours, theirs = by_seed(metric, row), by_seed(metric, baseline)
    values = [value for _, value in (*ours, *theirs)]
    if not all(math.isfinite(value) and (metric.kind == "difference" or value > 0) for value in values):
        return None
    seeds = [seed for seed, _ in ours]
    return Sides(
        row=tuple(scaled(metric, value) for _, value in ours),
        baseline=tuple(scaled(metric, value) for _, value in theirs),
        paired=len(set(seeds)) == len(seeds) and None not in seeds and seeds == [seed for seed, _ in theirs],
    )


def by_seed(metric: Metric, row: Row) -> list[tuple[int | None, float]]:
    values = row.summary(metric.name).values
    return [(run.seed, value) for run, value in zip(row.runs, values, strict=True) if value is not None]


def scaled(metric: Metric, value: float) -> float:
    if metric.kind == "difference":
        return value
    return math.log(value) if value > 0 else -math.inf


def on_scale(metric: Metric, value: float) -> float:
    if metric.kind == "difference":
        return value
    return math.exp(value) if value < LARGEST_LOGARITHM else math.inf
