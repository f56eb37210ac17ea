"""The figures of a plan as a person reads them: rounded to what is known of them."""

from densebench.comparison.statistics import Interval
from densebench.prediction.values import Accuracy, Candidate, Prediction, Prices
from densebench.units import UNITS, UNKNOWN

_ABOUT = "~"  # before what was predicted from other networks
_NARROW = 0.1  # an interval that is given by its half width in percent
# from how many of the unit before on each is used
_TIME_UNITS = (("s", 0.0), ("min", 120.0), ("h", 7200.0), ("d", 172_800.0))


def format_time(seconds: float) -> str:
    """``45 s``, ``12.5 min``, ``8.5 h``, ``4.2 d``: three digits at most."""
    unit = _choose_time_unit(seconds)
    number = seconds / UNITS[unit][1]
    return f"{number:.0f} s" if unit == "s" and number >= 10 else f"{_format_short(number)} {unit}"


def format_total(prediction: Prediction, seeds: int = 1) -> str:
    """``8.5 h ± 2 %``, or ``~34.7 d (28-42)`` where the interval is wide."""
    seconds, interval = prediction.total_seconds * seeds, prediction.total_interval
    return f"{_mark(prediction)}{format_time(seconds)} {_format_interval(seconds, interval, seeds)}"


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
    """``95.42 ± 0.12 %, 5 own runs``; ``95.31-95.49 %, 2 sources``; ``unknown``."""
    if accuracy is None:
        return "unknown"
    if accuracy.is_own and accuracy.deviation is not None:
        figure = f"{100 * accuracy.mean:.2f} ± {100 * accuracy.deviation:.2f} %"
    elif accuracy.is_own or accuracy.low == accuracy.high:
        figure = f"{100 * accuracy.mean:.2f} %"
    else:
        figure = f"{100 * accuracy.low:.2f}-{100 * accuracy.high:.2f} %"
    return f"{figure}  {_describe_source(accuracy)}"


def format_fit(candidate: Candidate) -> str:
    """``yes``, ``yes, barely``, or what it has too much of."""
    if candidate.prediction is None:
        return "not measured"
    if candidate.fits is None:
        return candidate.reason
    if candidate.fits:
        return "yes, barely" if candidate.is_close else "yes"
    return f"no: {candidate.reason}"


def _mark(prediction: Prediction) -> str:
    return "" if prediction.measured else _ABOUT


def _describe_source(accuracy: Accuracy) -> str:
    return accuracy.source if accuracy.is_own or accuracy.count == 1 else f"{accuracy.count} sources"


def _choose_time_unit(seconds: float) -> str:
    return next(unit for unit, begins in reversed(_TIME_UNITS) if seconds >= begins)


def _format_interval(seconds: float, interval: Interval, seeds: int) -> str:
    low, high = interval.low * seeds, interval.high * seeds
    half = (high - low) / 2 / seconds if seconds else 0.0
    if half <= _NARROW:
        return f"± {max(1, round(100 * half))} %"
    size = UNITS[_choose_time_unit(seconds)][1]
    return f"({_format_short(low / size)}-{_format_short(high / size)})"


def format_bytes(size: float) -> str:
    mebibytes = size / UNITS["MiB"][1]
    return f"{mebibytes:.0f} MiB" if mebibytes < 1000 else f"{size / UNITS['GiB'][1]:.2f} GiB"


def _format_short(value: float) -> str:
    """Two digits at least, and no more decimals than they need."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"
