"""The figures of a plan as a person reads them: rounded to what is known of them."""

from densebench.comparison.statistics import Interval
from densebench.prediction.values import Accuracy, Candidate, Prediction, Prices, TargetTime
from densebench.units import UNITS, UNKNOWN

_ABOUT = "~"  # before what was predicted from other networks
_NARROW = 0.1  # an interval that is given by its half width in percent
# from how many of the unit before on each is used
_TIME_UNITS = (("s", 0.0), ("min", 120.0), ("h", 7200.0), ("d", 172_800.0))
_SMALLEST_GIB = 0.1  # what is less is given in MiB


def choose_time_unit(seconds: float) -> str:
    """The unit that fits a time: s, min, h or d."""
    return next(unit for unit, begins in reversed(_TIME_UNITS) if seconds >= begins)


def choose_bytes_unit(size: float) -> str:
    """GiB, as most networks need; MiB below a tenth of one."""
    return "GiB" if size >= _SMALLEST_GIB * UNITS["GiB"][1] else "MiB"


def format_time(seconds: float) -> str:
    """``45 s``, ``12.5 min``, ``8.5 h``, ``4.2 d``: three digits at most."""
    unit = choose_time_unit(seconds)
    number = seconds / UNITS[unit][1]
    return f"{number:.0f} s" if unit == "s" and number >= 10 else f"{_format_short(number)} {unit}"


def format_target(target: float) -> str:
    """``94 %``, ``94.5 %``: as it was asked for."""
    return f"{100 * target:.6g} %"


def format_seconds(prediction: Prediction, seeds: int = 1) -> str:
    """The time without its interval: ``8.5 h``, ``~34.7 d``."""
    return f"{_mark(prediction)}{format_time(prediction.total_seconds * seeds)}"


def format_interval(prediction: Prediction, seeds: int = 1) -> str:
    """The interval of the time: ``± 2 %``, or ``28-42 d`` where it is wide."""
    seconds, interval = prediction.total_seconds, prediction.total_interval
    if _is_narrow(seconds, interval):
        return _format_half_width(seconds, interval)
    return f"{_format_ends(seconds, interval, seeds)} {choose_time_unit(seconds * seeds)}"


def format_total(prediction: Prediction, seeds: int = 1) -> str:
    """``8.5 h ± 2 %``, or ``~34.7 d (28-42)`` where the interval is wide."""
    spread = _format_spread(prediction.total_seconds, prediction.total_interval, seeds)
    return f"{format_seconds(prediction, seeds)} {spread}"


def format_target_time(found: TargetTime | None, prediction: Prediction | None) -> str:
    """``3.1 h ± 9 %``, ``~3.1 h (2.8-3.6)``; of runs of which some missed it, how many reached it."""
    if found is None:
        return UNKNOWN
    if found.missed:
        return f"reached by {len(found.epochs)} of {found.count}" if found.epochs else "not reached"
    if found.seconds is None or prediction is None:
        return UNKNOWN
    text = f"{_mark(prediction)}{format_time(found.seconds)}"
    return text if found.interval is None else f"{text} {_format_spread(found.seconds, found.interval)}"


def format_memory(prediction: Prediction) -> str:
    """``2.7 GiB``."""
    return UNKNOWN if prediction.peak_bytes is None else f"{_mark(prediction)}{format_bytes(prediction.peak_bytes)}"


def format_energy(joules: float | None, prediction: Prediction) -> str:
    """In kWh, as it is paid for."""
    if joules is None:
        return UNKNOWN
    return f"{_mark(prediction)}{_format_short(joules / UNITS['kWh'][1])} kWh"


def format_price(price: float | None, prediction: Prediction, prices: Prices) -> str:
    """Two decimals, or more for less than a tenth."""
    if price is None:
        return UNKNOWN
    text = f"{price:,.2f}" if price >= 0.1 or price == 0 else f"{price:.2g}"
    return f"{_mark(prediction)}{text} {prices.currency}".rstrip()


def format_accuracy(accuracy: Accuracy | None) -> str:
    """``95.42 ± 0.12 %`` of own runs; ``95.31-95.49 %`` of several publications; ``unknown``."""
    if accuracy is None:
        return "unknown"
    if accuracy.is_own and accuracy.deviation is not None:
        return f"{100 * accuracy.mean:.2f} ± {100 * accuracy.deviation:.2f} %"
    if accuracy.is_own or accuracy.low == accuracy.high:
        return f"{100 * accuracy.mean:.2f} %"
    return f"{100 * accuracy.low:.2f}-{100 * accuracy.high:.2f} %"


def format_source(accuracy: Accuracy | None) -> str:
    """From where an accuracy is known: ``5 own runs``, the one publication, ``2 sources``."""
    if accuracy is None:
        return ""
    return accuracy.source if accuracy.is_own or accuracy.count == 1 else f"{accuracy.count} sources"


def format_fit(candidate: Candidate) -> str:
    """``yes``, ``yes, barely``, or what it has too much of."""
    if candidate.prediction is None:
        return "not measured"
    if candidate.fits is None:
        return candidate.reason
    if candidate.fits:
        return "yes, barely" if candidate.is_close else "yes"
    return f"no: {candidate.reason}"


def format_bytes(size: float) -> str:
    """``0.82 GiB``, ``23.5 GiB``, ``60 MiB``."""
    unit = choose_bytes_unit(size)
    number = size / UNITS[unit][1]
    return f"{number:.0f} MiB" if unit == "MiB" else f"{_format_short(number)} GiB"


def _mark(prediction: Prediction) -> str:
    return "" if prediction.measured else _ABOUT


def _find_half_width(seconds: float, interval: Interval) -> float:
    """As a fraction of the time."""
    return (interval.high - interval.low) / 2 / seconds if seconds else 0.0


def _is_narrow(seconds: float, interval: Interval) -> bool:
    return _find_half_width(seconds, interval) <= _NARROW


def _format_spread(seconds: float, interval: Interval, seeds: int = 1) -> str:
    if _is_narrow(seconds, interval):
        return _format_half_width(seconds, interval)
    return f"({_format_ends(seconds, interval, seeds)})"


def _format_half_width(seconds: float, interval: Interval) -> str:
    return f"± {max(1, round(100 * _find_half_width(seconds, interval)))} %"


def _format_ends(seconds: float, interval: Interval, seeds: int) -> str:
    """Both ends in the unit of the time, without it."""
    size = UNITS[choose_time_unit(seconds * seeds)][1]
    return f"{_format_short(interval.low * seeds / size)}-{_format_short(interval.high * seeds / size)}"


def _format_short(value: float) -> str:
    """Two digits at least, and no more decimals than they need."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"
