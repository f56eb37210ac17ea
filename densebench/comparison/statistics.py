"""Intervals and tests over seeds: Student's t in Welch's and in the paired form, exact permutation, Holm.

Percentile bootstrap gives 19 % false positives at three runs a side; Welch's t stays below its 5 %. The t tests are
SciPy's. Loading ``scipy.stats`` takes longer than all the rest, so only they do; the interval of a mean needs no more
than ``scipy.special``. Why the permutation tests are not SciPy's: docs/decisions/008-permutation.md.

Student's interval of a mean accuracy of a few runs may reach beyond 100 %. Fractions have theirs on the logit scale
(:func:`fraction_interval`); that of a difference of fractions is truncated (:func:`truncate_interval`).
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

ALPHA = 0.05
_CONFIDENCE = 1 - ALPHA
_MOST_PERMUTATIONS = 200_000  # ten runs a side; the t test of more runs needs no other beside it
_ROUNDING = 1e-12
_LARGEST_LOGIT = 700.0  # math.exp overflows above 709


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Both ends, in the unit of what it is an interval of."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of means, its 95 % interval and two-sided p."""

    estimate: float
    interval: Interval
    p: float
    error: float  # standard error of the estimate
    freedom: float  # degrees of freedom of Student's t


def total(values: Sequence[float]) -> float:
    """The sum, rounded once; infinite where the numbers are too large to add, ``nan`` of opposite infinities."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def mean(values: Sequence[float]) -> float:
    """The sum of :func:`total`, divided by the number of values."""
    return total(values) / len(values)


def variance(values: Sequence[float], scale: float | None = None) -> float:
    """Of the sample; needs two values. Values that differ by rounding alone have none.

    ``scale`` is the size of the numbers that the values were computed from, if it is not that of the values.
    """
    size = max(abs(value) for value in values) if scale is None else scale
    if max(values) - min(values) <= _ROUNDING * size:
        return 0.0
    centre = mean(values)
    return total([(value - centre) * (value - centre) for value in values]) / (len(values) - 1)


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of the mean; None below two values."""
    if len(values) < 2:
        return None
    half = t_quantile(len(values) - 1) * math.sqrt(variance(values) / len(values))
    return Interval(low=mean(values) - half, high=mean(values) + half)


def fraction_interval(values: Sequence[float]) -> Interval | None:
    """95 % interval of the mean of fractions, by Student's t on the logit scale; None below two values.

    logit(mean) ± t · error / (mean · (1 - mean)), transformed back: it holds the mean and lies within (0, 1). The error
    on that scale is the delta method's, as in Stata's ``proportion`` with ``citype(logit)``. Values without spread, all
    0 or all 1 among them, give an interval without width; values beyond [0, 1], which are no fractions, Student's.
    """
    interval = mean_interval(values)
    centre = mean(values)
    if interval is None or not (0 < centre < 1 and min(values) >= 0 and max(values) <= 1):
        return interval
    half = min((interval.high - interval.low) / 2 / (centre * (1 - centre)), _LARGEST_LOGIT)
    return Interval(low=_shift_logit(centre, -half), high=_shift_logit(centre, half)) if half > 0 else interval


def _shift_logit(fraction: float, shift: float) -> float:
    """The fraction whose logit is larger by ``shift``."""
    return fraction / (fraction + (1 - fraction) * math.exp(-shift))


def truncate_interval(interval: Interval, low: float, high: float) -> Interval:
    """The part of an interval that lies between two bounds which its quantity cannot pass."""
    return Interval(low=min(max(interval.low, low), high), high=max(min(interval.high, high), low))


def welch_test(values: Sequence[float], baseline: Sequence[float]) -> Difference | None:
    """Difference of means without the assumption of equal variances.

    None below two runs a side, without spread, or where the numbers are too large.
    """
    if min(len(values), len(baseline)) < 2:
        return None
    error = variance(values) / len(values) + variance(baseline) / len(baseline)
    estimate = mean(values) - mean(baseline)
    if not 0 < error < math.inf or not math.isfinite(estimate):
        return None
    from scipy.stats import ttest_ind

    test = partial(ttest_ind, equal_var=False)
    return _difference(estimate, math.sqrt(error), test, _level(values), _level(baseline))


def paired_test(values: Sequence[float], baseline: Sequence[float]) -> Difference | None:
    """Mean of the differences of runs with the same seed; both in the same order of seeds.

    None below two pairs, without spread, or where the numbers are too large.
    """
    differences = _subtract(values, baseline)
    if len(differences) < 2:
        return None
    spread = variance(differences, scale=max(map(abs, (*values, *baseline))))
    if not 0 < spread < math.inf:
        return None
    from scipy.stats import ttest_rel

    error = math.sqrt(spread / len(differences))
    return _difference(mean(differences), error, ttest_rel, _array(values), _array(baseline))


def _level(values: Sequence[float]) -> "np.ndarray":
    """The values, or as many times their mean if they differ by rounding alone."""
    return _array(values if variance(values) else [mean(values)] * len(values))


def _difference(
    estimate: float,
    error: float,
    test: Callable[["np.ndarray", "np.ndarray"], Any],
    values: "np.ndarray",
    baseline: "np.ndarray",
) -> Difference:
    """Interval and p by one of SciPy's t tests."""
    _, exponent = math.frexp(max(abs(values).max(), abs(baseline).max()))
    unit = math.ldexp(0.5, exponent)  # brings the numbers near one: SciPy squares variances, and 1e100 is too large
    with warnings.catch_warnings():  # lost precision of a side without spread: harmless, as the other has some
        warnings.simplefilter("ignore", RuntimeWarning)
        result = test(values / unit, baseline / unit)
    low, high = result.confidence_interval(_CONFIDENCE)
    interval = Interval(low=float(low) * unit, high=float(high) * unit)
    return Difference(
        estimate=estimate, interval=interval, p=float(result.pvalue), error=error, freedom=float(result.df)
    )


def interval_at(alpha: float, estimate: float, error: float, freedom: float) -> Interval:
    """Student's interval that misses the true value with the chance ``alpha``."""
    half = t_quantile(freedom, 1 - alpha / 2) * error
    return Interval(low=estimate - half, high=estimate + half)


def p_beyond(distance: float, error: float, freedom: float) -> float:
    """The smallest ``alpha`` whose interval lies wholly beyond a bound; ``distance`` is how far the estimate does."""
    from scipy.special import stdtr

    return min(1.0, 2 * float(stdtr(freedom, -distance / error)))


def t_quantile(freedom: float, probability: float = (1 + _CONFIDENCE) / 2) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def permutation_test(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Exact two-sided p of the difference of means, over all ways to deal the runs to the sides.

    Two-sided as SciPy's ``permutation_test``: twice the smaller tail. None below four runs a side, where it could not
    reach 5 %, or where there are too many ways.
    """
    sizes = len(values), len(baseline)
    if min(sizes) < 4 or math.comb(sum(sizes), sizes[0]) > _MOST_PERMUTATIONS:
        return None
    pooled = [*values, *baseline]
    return _two_tails(_deals(*sizes) @ _array(pooled), total(values), size=total([*map(abs, pooled)]))


def paired_permutation_test(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Exact two-sided p of the mean difference of pairs, over all ways to swap the two runs of a pair.

    None below four pairs, or where there are too many ways.
    """
    differences = _subtract(values, baseline)
    if len(differences) < 4 or 2 ** len(differences) > _MOST_PERMUTATIONS:
        return None
    size = total([*map(abs, (*values, *baseline))])
    return _two_tails(_signs(len(differences)) @ _array(differences), total(differences), size=size)


def _two_tails(sums: "np.ndarray", observed: float, *, size: float) -> float:
    """Rounding must not separate equal sums, so ties count within a hair of the ``size`` of what was summed."""
    hair = _ROUNDING * size
    above, below = (sums >= observed - hair).mean(), (sums <= observed + hair).mean()
    return min(1.0, 2 * float(min(above, below)))


def _subtract(values: Sequence[float], baseline: Sequence[float]) -> list[float]:
    return [value - other for value, other in zip(values, baseline, strict=True)]


def _array(values: Sequence[float]) -> "np.ndarray":
    import numpy as np

    return np.asarray(values, dtype=np.float64)


@lru_cache(maxsize=8)
def _deals(ours: int, theirs: int) -> "np.ndarray":
    """Every way to choose ``ours`` of the runs, as rows of ones and zeros: (ways, runs)."""
    import numpy as np

    chosen = np.array(list(combinations(range(ours + theirs), ours)))
    ways = np.zeros((len(chosen), ours + theirs))
    np.put_along_axis(ways, chosen, 1.0, axis=1)
    return ways


@lru_cache(maxsize=8)
def _signs(pairs: int) -> "np.ndarray":
    """Every way to sign the pairs, as rows of 1 and -1: (2**pairs, pairs)."""
    import numpy as np

    return 1.0 - 2.0 * ((np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: the chance of any false one below 5 % stays below 5 %."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def share_alpha(looks: int) -> float:
    """The chance of a false verdict at one of several looks at growing samples, for 5 % over all of them.

    5 % for one look, a third of it for two: enough however the first look decides the size of the second sample
    (Proschan and Hunsberger 1995, Biometrics 51: at most 4.5 % where the deviation is known).
    """
    return ALPHA / (2 * looks - 1)


def decision_alphas(p_values: Sequence[float], alpha: float) -> list[float]:
    """The ``alpha`` of the interval that agrees with what Holm's method decides of each test, in the order given.

    That of Bonferroni, for all intervals together; a larger one only for a test that a later step of Holm rejects.
    """
    tests = len(p_values)
    order = sorted(range(tests), key=p_values.__getitem__)
    rejected = [adjusted < alpha for adjusted in holm(p_values)]
    alphas = [alpha / max(1, tests)] * tests
    for rank, index in enumerate(order):
        if rejected[index] and p_values[index] >= alpha / tests:
            alphas[index] = alpha / (tests - rank)
    return alphas


def binomial_floor(accuracy: float, baseline: float, images: int) -> float:
    """Half-width of the 95 % interval of a difference of accuracies by the images' number alone: no run has less."""
    normal = 1.959963984540054
    return normal * math.sqrt((accuracy * (1 - accuracy) + baseline * (1 - baseline)) / images)
