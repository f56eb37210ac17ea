"""One metric over the runs of a row: mean, sample deviation, interval."""

import math
from collections.abc import Sequence

from densebench.comparison.metrics import Metric
from densebench.comparison.statistics import mean, mean_interval, variance
from densebench.comparison.values import Summary


def summarise(metric: Metric, values: Sequence[float | None]) -> Summary:
    """A value that is not finite (a diverged run's loss) makes the mean ``nan`` and leaves the rest unknown."""
    known = [value for value in values if value is not None]
    finite = all(math.isfinite(value) for value in known)
    several = finite and len(known) > 1
    return Summary(
        metric=metric.name,
        values=tuple(values),
        n=len(known),
        mean=(mean(known) if finite else math.nan) if known else None,
        deviation=math.sqrt(variance(known)) if several else None,
        interval=None if metric.exact or not several else mean_interval(known),
    )
