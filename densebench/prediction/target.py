"""When a training will first reach a test accuracy: the epochs that own runs needed, times what an epoch costs here."""

import math
from collections.abc import Callable, Sequence

from densebench.comparison.statistics import Interval, mean, t_quantile, variance
from densebench.prediction.own_runs import is_whole
from densebench.prediction.values import Prediction, TargetTime
from densebench.records import Run
from densebench.results.target import find_first_reaching

_LEAST_VARIANCE = 1 / 12  # of epochs, which are whole: a smaller one cannot be seen


def expect_target_time(
    own: Sequence[Run], target: float, predict: Callable[[int], Prediction | None]
) -> TargetTime | None:
    """``None`` where no learning curve shows it.

    ``own`` are completed trainings of the same kind; ``predict`` says what so many epochs cost. Only runs count that
    went on to the end, or to a target of their own that is no lower: others may have ended before they reached it.
    """
    curves = [run for run in own if run.records and (is_whole(run) or (run.target or 0.0) >= target)]
    if not curves:
        return None
    reached = [find_first_reaching(run.records, target) for run in curves]
    epochs = tuple(record.epoch or 1 for record in reached if record is not None)
    seconds = _predict_seconds(epochs, predict) if len(epochs) == len(curves) else None
    known = [record.test_accuracy for run in curves for record in run.records if record.test_accuracy is not None]
    return TargetTime(
        epochs=epochs,
        count=len(curves),
        best=max(known, default=math.nan),
        seconds=None if seconds is None else seconds[0],
        interval=None if seconds is None else seconds[1],
    )


def _predict_seconds(
    epochs: Sequence[int], predict: Callable[[int], Prediction | None]
) -> tuple[float, Interval | None] | None:
    """The mean over the runs, and an interval for one more of them, from the first epoch on; of one run there is none.

    It has no other end than that of the t distribution: one more run may need more epochs than there are, and miss.
    """
    one, two, middle = predict(1), predict(2), predict(round(mean(epochs)))
    if one is None or two is None or middle is None:
        return None
    an_epoch = two.total_seconds - one.total_seconds
    seconds = one.total_seconds + (mean(epochs) - 1) * an_epoch
    if len(epochs) == 1:
        return seconds, None
    of_machine = math.log(middle.total_interval.high / middle.total_seconds)
    deviation = math.sqrt(max(variance(epochs), _LEAST_VARIANCE) * (1 + 1 / len(epochs)))
    of_epochs = t_quantile(len(epochs) - 1) * deviation * an_epoch / seconds
    factor = math.exp(math.hypot(of_machine, of_epochs))
    return seconds, Interval(low=max(seconds / factor, one.total_interval.low), high=seconds * factor)
