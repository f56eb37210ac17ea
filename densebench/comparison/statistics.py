"""Intervals and tests over seeds: Student's t in Welch's and in the paired form, exact permutation, Holm.

Percentile bootstrap gives 19 % false positives at three runs a side; Welch's t stays below its 5 %. SciPy's special
functions alone are used: loading ``scipy.stats`` would take longer than all the rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from densebench.comparison.arithmetic import mean, total
from densebench.comparison.values import Interval

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
MOST_PERMUTATIONS = 200_000  # ten runs a side; beyond, the t test needs no company
ROUNDING = 1e-12
MOST_SEEDS = 100  # beyond, "more seeds" is no advice


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of means, its 95 % interval and two-sided p."""

    estimate: float
    interval: Interval
    p: float


def variance(values: Sequence[float], scale: float | None = None) -> float:
    """Of the sample; needs two values. Values that differ by rounding alone have none.

    ``scale`` is the size of the numbers that the values were reckoned from, if it is not their own.
    """
    size = max(abs(value) for value in values) if scale is None else scale
    if max(values) - min(values) <= ROUNDING * size:
        return 0.0
    centre = mean(values)
    return total([(value - centre) * (value - centre) for value in values]) / (len(values) - 1)


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of the mean; None below two values."""
    if len(values) < 2:
        return None
    half = t_quantile(len(values) - 1) * math.sqrt(variance(values) / len(values))
    return Interval(low=mean(values) - half, high=mean(values) + half)


def welch(values: Sequence[float], baseline: Sequence[float]) -> Difference | None:
    """Difference of means without the assumption of equal variances; None below two runs a side or without spread."""
    if min(len(values), len(baseline)) < 2:
        return None
    ours, theirs = variance(values) / len(values), variance(baseline) / len(baseline)
    if not 0 < ours + theirs < math.inf:
        return None
    share = ours / (ours + theirs)
    freedom = 1 / (share * share / (len(values) - 1) + (1 - share) * (1 - share) / (len(baseline) - 1))
    return t_test(mean(values) - mean(baseline), math.sqrt(ours + theirs), freedom)


def paired(values: Sequence[float], baseline: Sequence[float]) -> Difference | None:
    """Mean of the differences of runs with the same seed; both in the same order of seeds. None without spread."""
    differences = [value - other for value, other in zip(values, baseline, strict=True)]
    if len(differences) < 2:
        return None
    spread = variance(differences, scale=max(map(abs, (*values, *baseline))))
    if spread == 0:
        return None
    return t_test(mean(differences), math.sqrt(spread / len(differences)), len(differences) - 1)


def t_test(estimate: float, error: float, freedom: float) -> Difference | None:
    """None for numbers beyond reckoning."""
    from scipy.special import stdtr

    if not (math.isfinite(estimate) and math.isfinite(error) and math.isfinite(freedom) and error > 0):
        return None
    half = t_quantile(freedom) * error
    p = 2 * float(stdtr(freedom, -abs(estimate) / error))
    return Difference(estimate=estimate, interval=Interval(low=estimate - half, high=estimate + half), p=p)


def t_quantile(freedom: float, probability: float = (1 + CONFIDENCE) / 2) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def permutation(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Exact two-sided p of the difference of means, over all ways to deal the runs to the sides.

    Two-sided as SciPy's ``permutation_test``: twice the smaller tail. None below four runs a side, where it could not
    reach 5 %, or where there are too many ways.
    """
    sizes = len(values), len(baseline)
    if min(sizes) < 4 or math.comb(sum(sizes), sizes[0]) > MOST_PERMUTATIONS:
        return None
    pooled = [*values, *baseline]
    return tails(deals(*sizes) @ column(pooled), total(values), size=total([*map(abs, pooled)]))


def paired_permutation(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Exact two-sided p of the mean difference of pairs, over all ways to swap the two runs of a pair."""
    differences = [value - other for value, other in zip(values, baseline, strict=True)]
    if len(differences) < 4 or 2 ** len(differences) > MOST_PERMUTATIONS:
        return None
    size = total([*map(abs, (*values, *baseline))])
    return tails(signs(len(differences)) @ column(differences), total(differences), size=size)


def tails(statistics: "np.ndarray", observed: float, *, size: float) -> float:
    """Rounding must not part equal sums, so ties count within a hair of the ``size`` of what was summed."""
    hair = ROUNDING * size
    above, below = (statistics >= observed - hair).mean(), (statistics <= observed + hair).mean()
    return min(1.0, 2 * float(min(above, below)))


def column(values: Sequence[float]) -> "np.ndarray":
    import numpy as np

    return np.asarray(values, dtype=np.float64)


@lru_cache(maxsize=8)
def deals(ours: int, theirs: int) -> "np.ndarray":
    """Every way to choose ``ours`` of the runs, as rows of ones and zeros: (ways, runs)."""
    import numpy as np

    chosen = np.array(list(combinations(range(ours + theirs), ours)))
    ways = np.zeros((len(chosen), ours + theirs))
    np.put_along_axis(ways, chosen, 1.0, axis=1)
    return ways


@lru_cache(maxsize=8)
def signs(pairs: int) -> "np.ndarray":
    """Every way to sign the pairs, as rows of 1 and -1: (2**pairs, pairs)."""
    import numpy as np

    return 1.0 - 2.0 * ((np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjustment, in the order given: each held below 5 % keeps the chance of any false one below 5 %."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def binomial_floor(accuracy: float, baseline: float, images: int) -> float:
    """Half-width of the 95 % interval of a difference of accuracies by the images' number alone: no run has less."""
    normal = 1.959963984540054
    return normal * math.sqrt((accuracy * (1 - accuracy) + baseline * (1 - baseline)) / images)


def seeds_needed(estimate: float, deviation: float, margin: float, *, pairs: bool) -> int | None:
    """Runs a side that would probably (four times in five) settle a difference of this size; None beyond reach.

    ``deviation`` is that of one difference: of a pair, or of a run on either side times the square root of two.
    Settled is a difference that shows, or one that is shown to lie within the margin.
    """
    for runs in range(2, MOST_SEEDS + 1):
        freedom = runs - 1 if pairs else 2 * (runs - 1)
        error = deviation / math.sqrt(runs)
        shows = abs(estimate) >= (t_quantile(freedom) + t_quantile(freedom, 0.8)) * error
        within = abs(estimate) + t_quantile(freedom) * error <= margin
        if shows or within:
            return runs
    return None
