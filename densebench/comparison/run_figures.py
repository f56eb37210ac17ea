"""One figure a run for every metric, from the frame of their epochs, and its summary over the runs of a row."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.statistics import Interval, fraction_interval, mean, mean_interval, total, variance
from densebench.comparison.values import TIME_TO_TARGET, Summary, count_devices
from densebench.records import BY_THE_CLOCK, Run
from densebench.results.epoch_table import concatenate

if TYPE_CHECKING:
    import pandas as pd

Figures = dict[str, list[float | None]]  # metric: one figure a run, None where it is unknown


def compute_figures(runs: Sequence[Run]) -> Figures:
    """The figure of every metric for each of the runs, in their order."""
    epochs = concatenate(run.records for run in runs)
    found = {name: _leave_out(metric, runs, _compute(metric, runs, epochs)) for name, metric in METRICS.items()}
    times = zip(runs, found[TIME_TO_TARGET.name], found["best_test_accuracy"], strict=True)
    reached = [math.inf if seconds is None and _has_missed(run, best) else seconds for run, seconds, best in times]
    return {**found, TIME_TO_TARGET.name: reached}


def _has_missed(run: Run, best: float | None) -> bool:
    """Whether a training came to its end below its target; without it, the others would look like all."""
    is_ended = run.phase == "train" and run.status == "completed"
    return is_ended and run.target is not None and best is not None and best < run.target


def _leave_out(metric: Metric, runs: Sequence[Run], figures: list[float | None]) -> list[float | None]:
    """Without figures that would not be what they are called.

    What a training costs as a whole is, of runs that end by the clock, how long they measured. Times, memory and energy
    of a run that went on with another number of devices are those of neither number.
    """
    is_whole, is_of_devices = "train_images" in metric.requires_equal, "devices" in metric.requires_equal
    return [
        None if (is_whole and run.phase in BY_THE_CLOCK) or (is_of_devices and _has_changed_devices(run)) else figure
        for run, figure in zip(runs, figures, strict=True)
    ]


def _has_changed_devices(run: Run) -> bool:
    """Whether an epoch was trained on others than the run's row says, which are those of its last start."""
    replicas = count_devices(run)
    return any((record.replicas or replicas) != replicas for record in run.records)


def _compute(metric: Metric, runs: Sequence[Run], epochs: "pd.DataFrame") -> list[float | None]:
    import pandas as pd

    if metric.over == "run":
        return [getattr(run, metric.column) for run in runs]
    cells = epochs[metric.column]
    match metric.over:
        case "last":
            found = cells[~cells.index.duplicated(keep="last")]
        case "sum":
            found = _sum_complete(cells)
        case "median":
            found = _drop_unknown(cells).groupby(level="run").median()
        case "max":
            found = _drop_unknown(cells).groupby(level="run").max().astype(cells.dtype)
    figures: list[float | None] = [None] * len(runs)
    for place, value in zip(found.index, found.to_numpy(dtype=object), strict=True):
        figures[place] = None if value is pd.NA else value
    return figures


def _drop_unknown(cells: "pd.Series") -> "pd.Series":
    """The cells that are known and no NaN, as plain floats."""
    import pandas as pd

    return pd.Series(cells.to_numpy(dtype="float64", na_value=float("nan")), index=cells.index).dropna()


def _sum_complete(cells: "pd.Series") -> "pd.Series":
    """The exact sum of each run whose epochs are all known."""
    import pandas as pd

    incomplete = cells.index[cells.isna()]
    complete = cells[~cells.index.isin(incomplete)]
    return pd.Series({place: total(group.tolist()) for place, group in complete.groupby(level="run")}, dtype="float64")


def summarise(metric: Metric, values: Sequence[float | None]) -> Summary:
    """A value that is not finite makes the mean so too, and leaves the rest unknown.

    The mean is ``nan`` (a diverged run's loss), or infinite: a time to a target that some run never reached.
    """
    known = [value for value in values if value is not None]
    finite = all(math.isfinite(value) for value in known)
    several = finite and len(known) > 1
    return Summary(
        metric=metric.name,
        values=tuple(values),
        n=len(known),
        mean=(mean(known) if finite else _find_endless(metric, known)) if known else None,
        deviation=math.sqrt(variance(known)) if several else None,
        interval=None if metric.exact or not several else _find_interval(metric, known),
    )


def _find_endless(metric: Metric, values: Sequence[float]) -> float:
    """The mean of values that are not all finite."""
    return math.inf if metric is TIME_TO_TARGET and not any(map(math.isnan, values)) else math.nan


def _find_interval(metric: Metric, values: Sequence[float]) -> Interval | None:
    return fraction_interval(values) if metric.show == "percent" else mean_interval(values)


def find_repeats(runs: Sequence[Run]) -> list[int]:
    """The places of runs that repeat an earlier one of their seed to the last digit, by the losses of all epochs.

    Their times are measurements of their own, but what they learned is no further evidence.
    """
    counts = Counter(run.seed for run in runs)
    seen: set[tuple[object, ...]] = set()
    found = []
    for place, run in enumerate(runs):
        if run.seed is None or counts[run.seed] == 1 or not (losses := list_losses(run)):
            continue
        if (run.seed, losses) in seen:
            found.append(place)
        seen.add((run.seed, losses))
    return found


def list_losses(run: Run) -> tuple[float, ...]:
    """Of all epochs: no two trainings have the same to the last digit."""
    return tuple(loss for record in run.records for loss in (record.train_loss, record.test_loss) if loss is not None)
