"""Figures as they are shown: percent, MiB, thousands separated, time in its fitting unit."""

import math
from collections.abc import Sequence

from densebench.comparison.metrics import METRICS, Metric
from densebench.comparison.statistics import Interval
from densebench.comparison.values import Row, Summary, Verdict, settings
from densebench.escape import plain
from densebench.records import COLUMNS, Show

UNKNOWN = "-"
_TIMES = "\N{MULTIPLICATION SIGN}"
MIB = 2**20
LARGEST_WRITTEN_OUT = 1e15
TIME_UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0))


def figure_text(show: Show, value: object) -> str:
    """One value in the form of its column, with its unit."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and show == "number":
        return f"{value:,.6g}"
    if isinstance(value, int | float) and show != "text":
        return number_text(show, value)
    return plain(str(value))


def number_text(show: Show, value: float, deviation: float | None = None, *, unit: bool = True) -> str:
    """A number, or a mean and the deviation behind it in the same unit: ``95.31 ± 0.10 %``."""
    if not math.isfinite(value):
        return str(float(value))
    name, divisor, digits = form(show, value)
    style = f",.{digits}f" if abs(value / divisor) < LARGEST_WRITTEN_OUT else ".4g"
    text = f"{value / divisor:{style}}"
    if deviation is not None:
        text += f" ± {deviation / divisor:{style}}"
    return f"{text} {name}" if name and unit else text


def form(show: Show, value: float) -> tuple[str, float, int]:
    """Unit, divisor and decimals for a number of this size."""
    size = abs(value)
    match show:
        case "percent":
            return "%", 0.01, 2
        case "bytes":
            return "MiB", MIB, 1 if size >= 100 * MIB else 2
        case "seconds":
            unit, divisor = next(
                (entry for entry in reversed(TIME_UNITS) if size >= 2 * entry[1] and entry[1] > 1), TIME_UNITS[0]
            )
            return unit, divisor, 1 if size / divisor >= 10 else 2
        case "milliseconds":
            return "ms", 1.0, 2
        case "joules":
            return ("kJ", 1e3, 1) if size >= 1e4 else ("J", 1.0, 1)
        case "count":
            return "", 1.0, 0
    return "", 1.0, significant_decimals(size)


def significant_decimals(size: float) -> int:
    """Decimals that keep four digits."""
    if size == 0 or size >= 1000:
        return 0
    return max(0, min(8, 3 - math.floor(math.log10(size))))


def fixed_unit(show: Show) -> str:
    """The unit that all values of a column have, so that it can stand in the title alone."""
    return {"percent": "%", "bytes": "MiB", "milliseconds": "ms"}.get(show, "")


def summary_text(metric: Metric, summary: Summary, *, unit: bool = True) -> str:
    """Mean and sample deviation, the latter only where there is one."""
    if summary.mean is None:
        return UNKNOWN
    repeats = metric.exact or (metric.show == "bytes" and summary.deviation == 0)
    return number_text(metric.show, summary.mean, None if repeats else summary.deviation, unit=unit)


def interval_text(show: Show, interval: Interval | None, *, unit: bool = True) -> str:
    """``[95.19, 95.43] %``: both ends in one unit."""
    if interval is None:
        return UNKNOWN
    name, divisor, digits = form(show, max(abs(interval.low), abs(interval.high)))
    text = f"[{interval.low / divisor:,.{digits}f}, {interval.high / divisor:,.{digits}f}]"
    return f"{text} {name}" if name and unit else text


def p_text(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def format_estimate(verdict: Verdict) -> str:
    """A ratio after a multiplication sign, a difference with its sign: ``+0.31 pp``."""
    if verdict.estimate is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return f"{_TIMES}{verdict.estimate:{'.3f' if 0.1 <= verdict.estimate < 100 else '.4g'}}"
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    return f"{verdict.estimate * factor:+.{2 if unit else 4}f}{unit}"


def format_estimate_interval(verdict: Verdict) -> str:
    """The interval in the estimate's unit: ``[1.052, 1.116]``."""
    interval = verdict.interval
    if interval is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return f"[{interval.low:.3f}, {interval.high:.3f}]"
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    digits = 2 if unit else 4
    return f"[{interval.low * factor:+.{digits}f}, {interval.high * factor:+.{digits}f}]"


def _unit_of_difference(metric: Metric) -> tuple[float, str]:
    return (100.0, " pp") if metric.show == "percent" else (1.0, "")


def setting_text(row: Row, column: str) -> str:
    """A setting of a row; several, if the row mixes them."""
    show = COLUMNS[column].about.show
    return ", ".join(figure_text(show, value) for value in settings(row, column))


def differ(columns: Sequence[str]) -> str:
    """``backend differs``, ``backend and batch_size differ``."""
    return f"{listed(columns)} {'differs' if len(columns) == 1 else 'differ'}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
