"""When a measurement of speed may stop: once the median of the steps is known well enough, or time is up.

The interval of the median needs no assumption about how steps are distributed: between two ordered values lies the
median unless too many or too few steps fell below it, and how many fall below is binomial with probability 1/2
(Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2). It does assume that the steps are
independent: on a machine whose speed drifts, the interval of one sitting says nothing about the next. A GPU's clock
ramps up for a second or more after the first steps, in which many steps agree with each other and with no later one; so
there, time has to pass and both halves of the steps have to agree.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.measuring.gpu.energy import LEAST_SECONDS
from densebench.measuring.stopwatch import percentile

_CONFIDENCE = 0.95
_FEWEST_STEPS = 10
_GPU_WARM_UP_SECONDS = 2.0
_LEAST_GPU_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a device is measured before its figures are believed, whatever the steps look like."""

    warm_up_seconds: float = 0.0
    least_seconds: float = 0.0  # of the steps that are timed
    halves_agree: bool = False  # whether the medians of both halves must lie within the target of each other


IMPATIENT = Patience()


def choose_patience(device_kind: str, *, energy: bool) -> Patience:
    """``energy``: whether the steps must last for a certain figure of that too, which only a GPU has."""
    if device_kind == "cpu":
        return IMPATIENT
    least = LEAST_SECONDS if energy else _LEAST_GPU_SECONDS
    return Patience(warm_up_seconds=_GPU_WARM_UP_SECONDS, least_seconds=least, halves_agree=True)


@dataclass(frozen=True, kw_only=True)
class SteadyState:
    """The median of the steps in seconds with its interval; ``reached``: whether that is as narrow as was asked.

    ``drift``: by how much the second half's median is above the first's, as a fraction, where that is too much.
    """

    median: float | None
    low: float | None
    high: float | None
    steps: int
    reached: bool
    drift: float | None = None


def estimate_steady_state(
    seconds: Sequence[float], *, target: float = 0.02, fewest: int = _FEWEST_STEPS, halves_agree: bool = False
) -> SteadyState:
    """What is known after these steps; ``reached`` if both ends lie within ``target`` of the median.

    ``halves_agree``: the medians of both halves must lie within ``target`` of each other too.
    """
    median = percentile(seconds, 0.5)
    interval = estimate_median_interval(seconds)
    if median is None or interval is None:
        return SteadyState(median=median, low=None, high=None, steps=len(seconds), reached=False)
    low, high = interval
    narrow = low >= median * (1 - target) and high <= median * (1 + target)
    enough = len(seconds) >= fewest
    drift = _find_drift(seconds) if halves_agree else 0.0
    steady = abs(drift) <= target
    return SteadyState(
        median=median,
        low=low,
        high=high,
        steps=len(seconds),
        reached=narrow and enough and steady,
        drift=None if steady else drift,
    )


def _find_drift(seconds: Sequence[float]) -> float:
    """By how much the median of the second half is above that of the first, as a fraction."""
    half = len(seconds) // 2
    first, second = percentile(seconds[:half], 0.5), percentile(seconds[half:], 0.5)
    return second / first - 1 if first and second else 0.0


def may_stop(
    seconds: Sequence[float],
    *,
    elapsed_seconds: float,
    limit_seconds: float,
    target: float,
    fewest: int = _FEWEST_STEPS,
    patience: Patience = IMPATIENT,
    timed_seconds: float = math.inf,
) -> bool:
    """Whether the steps so far suffice or time is up; at least one step is always taken.

    ``timed_seconds`` are those of the steps so far, and ``elapsed_seconds`` count from before the warm-up.
    """
    if elapsed_seconds >= limit_seconds:
        return bool(seconds)
    if timed_seconds < patience.least_seconds:
        return False
    # Of many steps only every twentieth part is worth a look: sorting them all takes longer than a fast step.
    if len(seconds) % max(len(seconds) // 20, 1) != 0:
        return False
    agree = patience.halves_agree
    return estimate_steady_state(seconds, target=target, fewest=fewest, halves_agree=agree).reached


def estimate_median_interval(values: Sequence[float], confidence: float = _CONFIDENCE) -> tuple[float, float] | None:
    """An interval that holds the median with at least ``confidence``; ``None`` for too few values (under 6 at 95 %)."""
    rank = find_interval_rank(len(values), confidence)
    if rank is None:
        return None
    ordered = sorted(values)
    return ordered[rank], ordered[-1 - rank]


def find_interval_rank(count: int, confidence: float = _CONFIDENCE) -> int | None:
    """How many of ``count`` ordered values may be left out at either end, by the binomial distribution."""
    rank, left_out = None, 0.0
    for below in range(count // 2):
        left_out += math.exp(_compute_log_probability(count, below))
        if 2 * left_out > 1 - confidence:
            break
        rank = below
    return rank


def _compute_log_probability(count: int, below: int) -> float:
    """Logarithm of the probability that ``below`` of ``count`` values lie below the median."""
    log_choices = math.lgamma(count + 1) - math.lgamma(below + 1) - math.lgamma(count - below + 1)
    return log_choices - count * math.log(2)
