"""A row against its baseline in numbers: ratio or difference, which test, how many runs it needs; no word yet."""

import dataclasses
import math
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from densebench.comparison import statistics
from densebench.comparison.comparability import find_obstacles, is_across_hardware
from densebench.comparison.metric import Metric
from densebench.comparison.statistics import Interval
from densebench.comparison.values import Row

if TYPE_CHECKING:
    import numpy as np

_LARGEST_LOGARITHM = 709.0
_MOST_SEEDS = 100  # "more seeds" is no advice above it
_POWER = 0.8
_SPREADS = 48  # observed spreads over which a chance is averaged


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What more runs are planned from: of one difference between the sides, on the scale of the test."""

    deviation: float
    freedom: float  # that each run a side after the first adds to the degrees of freedom


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One metric of a row against its baseline; estimate and interval are a ratio or a difference (``metric.kind``)."""

    metric: Metric
    runs: tuple[int, int]  # that have the figure: of the row, of its baseline
    obstacles: tuple[str, ...]  # columns that differ though the metric needs them equal
    marked: bool  # across different hardware
    repeats: bool  # several runs a side, and all of a side have one value
    estimate: float | None  # None where obstacles forbid it, or a figure is not finite
    floor: float | None = None  # half-width of the binomial 95 % interval where one run a side allows no test
    interval: Interval | None = None  # 95 %; None without a test, as all that follows
    p: float | None = None  # Welch's, or of the paired t test
    error: float | None = None  # standard error of the estimate, on the scale of the test
    freedom: float | None = None  # degrees of freedom of the test
    p_permutation: float | None = None  # exact, from four runs a side
    p_permutation_least: float | None = None  # that this number of runs allows
    paired: bool = False
    too_few: bool = False  # runs for Welch's t test to hold its level, so nothing is decided on its p
    spread: Spread | None = None


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The values of a row and of its baseline, on the scale of the test: logarithms for ratios."""

    row: tuple[float, ...]
    baseline: tuple[float, ...]
    paired: bool


def contrast(metric: Metric, row: Row, baseline: Row, *, despite: Collection[str] = ()) -> Contrast:
    """Estimate, interval and p-values, where the metric and the figures allow a test.

    ``despite`` are columns that may differ, because what they change is the question.
    """
    ours, theirs = row.summary(metric.name), baseline.summary(metric.name)
    found = Contrast(
        metric=metric,
        runs=(ours.n, theirs.n),
        obstacles=tuple(column for column in find_obstacles(metric, row, baseline) if column not in despite),
        marked=is_across_hardware(metric, row, baseline),
        repeats=ours.deviation == 0 == theirs.deviation,
        estimate=_estimate(metric, row, baseline),
    )
    if found.obstacles:
        return dataclasses.replace(found, estimate=None)
    if min(found.runs) < 2:
        return dataclasses.replace(found, floor=_floor(metric, row, baseline))
    sides = None if metric.exact else _sides_of(metric, row, baseline)
    return found if sides is None else _test(found, sides)


def _test(untested: Contrast, sides: _Sides) -> Contrast:
    """Paired if the seeds are the same and some pair differs from the others, else Welch's; neither without spread."""
    metric = untested.metric
    difference = statistics.paired_test(sides.row, sides.baseline) if sides.paired else None
    paired = difference is not None
    difference = difference or statistics.welch_test(sides.row, sides.baseline)
    if difference is None:
        return untested
    permute = statistics.paired_permutation_test if paired else statistics.permutation_test
    permutation = permute(sides.row, sides.baseline)
    return dataclasses.replace(
        untested,
        estimate=_from_scale(metric, difference.estimate),
        interval=interval_from_scale(metric, difference.interval),
        p=difference.p,
        error=difference.error,
        freedom=difference.freedom,
        p_permutation=permutation,
        p_permutation_least=None if permutation is None else _least_permutation(untested.runs, paired=paired),
        paired=paired,
        too_few=not paired and _has_too_few_runs(*untested.runs),
        spread=_spread_of(sides, paired=paired),
    )


def _has_too_few_runs(row: int, baseline: int) -> bool:
    """Whether Welch's test gives up to 12 % false verdicts for 5 %: two runs against more (docs/measuring.md)."""
    return min(row, baseline) == 2 and row != baseline


def _least_permutation(runs: tuple[int, int], *, paired: bool) -> float:
    return 2 / (2 ** runs[0] if paired else math.comb(sum(runs), runs[0]))


def interval_from_scale(metric: Metric, interval: Interval) -> Interval:
    """An interval on the scale of the test as one of ratios or differences; accuracies differ by 100 points at most."""
    if metric.show == "percent":
        return statistics.truncate_interval(interval, -1.0, 1.0)
    return Interval(low=_from_scale(metric, interval.low), high=_from_scale(metric, interval.high))


def _spread_of(sides: _Sides, *, paired: bool) -> Spread:
    if paired:
        differences = [ours - theirs for ours, theirs in zip(sides.row, sides.baseline, strict=True)]
        return Spread(deviation=math.sqrt(statistics.variance(differences)), freedom=1.0)
    ours, theirs = statistics.variance(sides.row), statistics.variance(sides.baseline)
    share = ours / (ours + theirs)
    return Spread(deviation=math.sqrt(ours + theirs), freedom=1 / (share * share + (1 - share) * (1 - share)))


def _estimate(metric: Metric, row: Row, baseline: Row) -> float | None:
    """Of the means; where logarithms are tested, the ratio of geometric means replaces it."""
    ours, theirs = row.summary(metric.name).figure, baseline.summary(metric.name).figure
    if ours is None or theirs is None:
        return None
    if metric.kind == "difference":
        return ours - theirs
    return ours / theirs if theirs > 0 else None


def _floor(metric: Metric, row: Row, baseline: Row) -> float | None:
    """What the number of test images alone leaves open; None for anything but an accuracy on them."""
    if metric.show != "percent" or metric.name.startswith(("train", "validation")):
        return None
    images = row.runs[0].test_images or 0
    ours, theirs = row.summary(metric.name).figure, baseline.summary(metric.name).figure
    if images < 1 or ours is None or theirs is None or not (0 <= ours <= 1 and 0 <= theirs <= 1):
        return None  # a file may claim anything
    return statistics.binomial_floor(ours, theirs, images)


def _sides_of(metric: Metric, row: Row, baseline: Row) -> _Sides | None:
    """Both sides, seed by seed if their seeds are the same; None if a value cannot be put on the scale."""
    ours, theirs = _by_seed(metric, row), _by_seed(metric, baseline)
    values = [value for _, value in (*ours, *theirs)]
    if not all(math.isfinite(value) and (metric.kind == "difference" or value > 0) for value in values):
        return None
    seeds = [seed for seed, _ in ours]
    return _Sides(
        row=tuple(to_scale(metric, value) for _, value in ours),
        baseline=tuple(to_scale(metric, value) for _, value in theirs),
        paired=len(set(seeds)) == len(seeds) and None not in seeds and seeds == [seed for seed, _ in theirs],
    )


def _by_seed(metric: Metric, row: Row) -> list[tuple[int | None, float]]:
    values = row.summary(metric.name).values
    return [(run.seed, value) for run, value in zip(row.runs, values, strict=True) if value is not None]


def to_scale(metric: Metric, value: float) -> float:
    """A figure, ratio or difference on the scale of the test: the logarithm of a ratio."""
    if metric.kind == "difference":
        return value
    return math.log(value) if value > 0 else -math.inf


def _from_scale(metric: Metric, value: float) -> float:
    if metric.kind == "difference":
        return value
    return math.exp(value) if value < _LARGEST_LOGARITHM else math.inf


def count_seeds(estimate: float, spread: Spread, margin: float, alpha: float) -> int | None:
    """Runs a side with which a test at ``alpha`` is settled with a chance of 80 %; None above a hundred.

    Settled is a difference that shows, or one that is shown to lie within the margin; all on the scale of the test. The
    true difference is taken to be the estimate, and where that lies within the margin to be 0 as well.
    """
    truths = [estimate] if abs(estimate) > margin else [estimate, 0.0]

    def settles(runs: int) -> bool:
        error, freedom = spread.deviation / math.sqrt(runs), spread.freedom * (runs - 1)
        return all(_chance_to_settle(truth, error, freedom, margin, alpha) >= _POWER for truth in truths)

    if not settles(_MOST_SEEDS):
        return None
    return bisect_left(range(_MOST_SEEDS + 1), True, lo=2, key=settles)


def _chance_to_settle(truth: float, error: float, freedom: float, margin: float, alpha: float) -> float:
    """How probably the interval leaves out 0 or lies within the margin, if ``truth`` is the true difference.

    Exact for a given observed spread, and averaged over equally probable values of it.
    """
    from scipy.special import ndtr

    half = statistics.t_quantile(freedom, 1 - alpha / 2) * error * _list_spreads(freedom)
    same = (margin - half).clip(min=0.0)  # an estimate nearer to 0 has its interval within the margin
    above = ndtr((half - truth) / error) - ndtr((same - truth) / error)
    below = ndtr((-same - truth) / error) - ndtr((-half - truth) / error)
    return 1.0 - float((above.clip(min=0.0) + below.clip(min=0.0)).mean())


@lru_cache(maxsize=512)
def _list_spreads(freedom: float) -> "np.ndarray":
    """Equally probable ratios of an observed to the true deviation."""
    import numpy as np
    from scipy.special import gammaincinv

    chances = (np.arange(_SPREADS) + 0.5) / _SPREADS
    ratios: np.ndarray = np.sqrt(2 * gammaincinv(freedom / 2, chances) / freedom)
    return ratios
