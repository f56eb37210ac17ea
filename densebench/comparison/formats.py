"""Summaries, intervals, p-values and settings of rows as they are shown, in the units of :mod:`densebench.units`."""

from collections.abc import Sequence

from densebench.columns import Show
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.statistics import Interval
from densebench.comparison.values import Row, Summary, Verdict, get_settings
from densebench.errors import join_names
from densebench.records import COLUMNS
from densebench.units import UNKNOWN, format_number, format_range, format_value

_TIMES = "\N{MULTIPLICATION SIGN}"
_LETTERS_OF_HASH = 8
BASELINE_RATIO = f"{_TIMES}1"  # of the baseline to itself: no measured ratio is written so


def format_summary(metric: Metric, summary: Summary, *, unit: bool = True, like: float | None = None) -> str:
    """Mean and sample deviation, the latter only where there is one; in the unit that fits ``like``, if given.

    Of a time to a target that not all runs reached: how many did.
    """
    if summary.mean is None:
        return UNKNOWN
    if summary.missed:
        return (
            "not reached" if summary.missed == summary.n else f"{summary.n - summary.missed} of {summary.n} reached it"
        )
    repeats = metric.exact or (metric.show == "bytes" and summary.deviation == 0)
    return format_number(metric.show, summary.mean, None if repeats else summary.deviation, unit=unit, like=like)


def format_interval(show: Show, interval: Interval | None, *, unit: bool = True, like: float | None = None) -> str:
    """``[95.19, 95.43] %``: both ends in one unit, the one that fits ``like``, if given."""
    return UNKNOWN if interval is None else format_range(show, interval.low, interval.high, unit=unit, like=like)


def format_p(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def format_estimate(verdict: Verdict) -> str:
    """A ratio after a multiplication sign, a difference with its sign: ``+0.31 pp``."""
    if verdict.estimate is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return format_ratio(verdict.estimate)
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    return f"{verdict.estimate * factor:+.{2 if unit else 4}f}{unit}"


def format_ratio(ratio: float | None) -> str:
    """With a multiplication sign, as ``format_estimate`` has it."""
    return UNKNOWN if ratio is None else f"{_TIMES}{ratio:{'.3f' if 0.1 <= ratio < 100 else '.4g'}}"


def format_confidence(confidence: float) -> str:
    """``95 %``, ``99.75 %``."""
    return f"{confidence * 100:.4g} %"


def format_estimate_interval(verdict: Verdict, interval: Interval | None) -> str:
    """An interval in the estimate's unit: ``[1.052, 1.116]``."""
    if interval is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return f"[{interval.low:.3f}, {interval.high:.3f}]"
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    digits = 2 if unit else 4
    return f"[{interval.low * factor:+.{digits}f}, {interval.high * factor:+.{digits}f}]"


def _unit_of_difference(metric: Metric) -> tuple[float, str]:
    return (100.0, " pp") if metric.show == "percent" else (1.0, "")


def format_setting(row: Row, column: str) -> str:
    """A setting of a row; several, if the row mixes them. Of a hash, as much as tells two apart."""
    show = COLUMNS[column].about.show
    length = _LETTERS_OF_HASH if column.endswith("_sha256") else None
    return ", ".join(format_value(show, value)[:length] for value in get_settings(row, column))


def describe_difference(columns: Sequence[str]) -> str:
    """``backend differs``, ``backend and batch_size differ``."""
    return f"{join_names(columns)} {'differs' if len(columns) == 1 else 'differ'}"
