"""Summaries, intervals, p-values and settings of rows as they are shown, in the units of :mod:`densebench.units`."""

from collections.abc import Sequence

from densebench.comparison.metrics import Metric
from densebench.comparison.values import Interval, Row, Summary, settings
from densebench.records import COLUMNS, Show
from densebench.units import UNKNOWN, format_number, format_range, format_value


def summary_text(metric: Metric, summary: Summary, *, unit: bool = True) -> str:
    """Mean and sample deviation, the latter only where there is one."""
    if summary.mean is None:
        return UNKNOWN
    repeats = metric.exact or (metric.show == "bytes" and summary.deviation == 0)
    return format_number(metric.show, summary.mean, None if repeats else summary.deviation, unit=unit)


def interval_text(show: Show, interval: Interval | None, *, unit: bool = True) -> str:
    """``[95.19, 95.43] %``: both ends in one unit."""
    return UNKNOWN if interval is None else format_range(show, interval.low, interval.high, unit=unit)


def p_text(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def setting_text(row: Row, column: str) -> str:
    """A setting of a row; several, if the row mixes them."""
    show = COLUMNS[column].about.show
    return ", ".join(format_value(show, value) for value in settings(row, column))


def differ(columns: Sequence[str]) -> str:
    """``backend differs``, ``backend and batch_size differ``."""
    return f"{listed(columns)} {'differs' if len(columns) == 1 else 'differ'}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
