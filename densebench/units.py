"""The units of figures, and numbers written in the unit that fits. :mod:`densebench.quantities` reads what users write.

``UNITS`` says how large each unit is, ``STEPS`` from which size on it is used: in a table, where cells are
compared with one another, and on an axis.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from densebench.columns import Show
from densebench.escape import plain

Form = Literal["bytes", "seconds", "joules", "percent", "points", "plain"]
_Place = Literal["table", "axis"]

UNKNOWN = "-"
UNITS: dict[str, tuple[Form, float]] = {  # what it measures, and its size in bytes, seconds, joules, fractions
    "B": ("bytes", 1),
    "KiB": ("bytes", 2**10),
    "MiB": ("bytes", 2**20),
    "GiB": ("bytes", 2**30),
    "TiB": ("bytes", 2**40),
    "kB": ("bytes", 1e3),
    "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9),
    "TB": ("bytes", 1e12),
    "ms": ("seconds", 1e-3),
    "s": ("seconds", 1),
    "min": ("seconds", 60),
    "m": ("seconds", 60),
    "h": ("seconds", 3600),
    "d": ("seconds", 86400),
    "J": ("joules", 1),
    "kJ": ("joules", 1e3),
    "Wh": ("joules", 3600),
    "kWh": ("joules", 3.6e6),
    "%": ("percent", 0.01),
    "pp": ("points", 0.01),
    "": ("plain", 1),
}
_NOT_READ = {"MJ": 1e6, "million": 1e6, "billion": 1e9}  # written on axes only; sizes as above
_COLUMN_UNITS: dict[Show, str] = {"milliseconds": "ms"}  # of the columns that are not in base units
_LARGEST_WRITTEN_OUT = 1e15
_FURTHER_DECIMALS = 6  # at most, where the usual ones would show a spread as zero
_ROUNDING = 1e-12  # a spread below this share of its mean comes from the arithmetic


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A unit and the sizes, in the column's own unit, from which on it is used; infinity where it never is."""

    unit: str
    table: float = math.inf
    axis: float = math.inf


def _first(unit: str) -> _Step:
    return _Step(unit=unit, table=0.0, axis=0.0)


STEPS: dict[Show, Sequence[_Step]] = {
    "percent": (_first("%"),),
    "bytes": (_first("MiB"), _Step(unit="GiB", axis=4 * 2**30)),
    "seconds": (
        _first("s"),
        _Step(unit="min", table=120, axis=180),
        _Step(unit="h", table=7200, axis=10800),
    ),
    "milliseconds": (_first("ms"),),
    "joules": (_first("J"), _Step(unit="kJ", table=1e4, axis=1e4), _Step(unit="MJ", axis=1e7)),
    "count": (_first(""), _Step(unit="million", axis=1e6), _Step(unit="billion", axis=1e9)),
}


def format_value(show: Show, value: object) -> str:
    """One value in the form of its column, with its unit."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and show == "number":
        return f"{value:,.6g}"
    if isinstance(value, int | float) and show != "text":
        return format_number(show, value)
    return plain(str(value))


def format_number(
    show: Show,
    value: float,
    deviation: float | None = None,
    *,
    unit: bool = True,
    like: float | None = None,
) -> str:
    """A number, or a mean and the deviation behind it in the same unit: ``95.31 ± 0.10 %``.

    The unit is the one that fits ``like``, a size typical of the column, or else the number. A deviation that is not
    zero is never shown as zero.
    """
    if not math.isfinite(value):
        return str(float(value))
    name, size = _fitting_unit(show, abs(value) if like is None else like, "table")
    number = abs(value / size)
    usual = _decimals(show, number) if like is None else _decimals_for_small(show, number)
    style = _style(number, usual, _visible_spread(value, deviation) / size)
    text = f"{value / size:{style}}"
    if deviation is not None:
        text += f" ± {deviation / size:{style}}"
    return f"{text} {name}" if name and unit else text


def format_range(show: Show, low: float, high: float, *, unit: bool = True, like: float | None = None) -> str:
    """``[95.19, 95.43] %``: both ends in one unit, the one that fits ``like``, or else the larger end."""
    largest = max(abs(low), abs(high))
    name, size = _fitting_unit(show, largest if like is None else like, "table")
    usual = _decimals(show, largest / size) if like is None else _decimals_for_small(show, largest / size)
    digits = _decimals_for_spread(usual, _visible_spread(largest, high - low) / size)
    text = f"[{low / size:,.{digits}f}, {high / size:,.{digits}f}]"
    return f"{text} {name}" if name and unit else text


def find_typical(values: Iterable[object]) -> float | None:
    """The median size of a column's numbers, so that one very short run does not put hours into seconds."""
    numbers = (value for value in values if isinstance(value, int | float) and not isinstance(value, bool))
    sizes = [size for value in numbers if 0 < (size := abs(value)) < math.inf]
    return statistics.median(sizes) if sizes else None


def format_short(value: float) -> str:
    """Three significant digits, never an exponent: for ticks and bars."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def fixed_unit(show: Show) -> str:
    """The unit that all values of a table's column have, so that the title can say it."""
    units = _table_units(show)
    return units[0] if len(units) == 1 else ""


def _table_units(show: Show) -> list[str]:
    return [step.unit for step in STEPS.get(show, ()) if step.table < math.inf]


def axis_scale(show: Show, largest: float) -> tuple[float, str]:
    """What a column's values are multiplied by, and the unit, for an axis that reaches to ``largest``."""
    name, size = _fitting_unit(show, largest, "axis")
    return 1 / size, name


def _fitting_unit(show: Show, value: float, place: _Place) -> tuple[str, float]:
    """The unit for a number of this size, and the unit's size in that of the column."""
    steps = STEPS.get(show, (_first(""),))
    unit = next((step.unit for step in reversed(steps) if value >= _beginning(step, place)), steps[0].unit)
    return unit, _size(unit) / _size(_COLUMN_UNITS.get(show, ""))


def _size(unit: str) -> float:
    return UNITS[unit][1] if unit in UNITS else _NOT_READ[unit]


def _beginning(step: _Step, place: _Place) -> float:
    return step.table if place == "table" else step.axis


def _style(number: float, usual: int, spread: float) -> str:
    if number >= _LARGEST_WRITTEN_OUT:
        return ".4g"
    return f",.{_decimals_for_spread(usual, spread)}f"


def _visible_spread(value: float, spread: float | None) -> float:
    """The spread to be shown; 0 where there is none but that of rounding."""
    if spread is None or not math.isfinite(spread) or spread <= _ROUNDING * abs(value):
        return 0.0
    return spread


def _decimals_for_spread(usual: int, spread: float) -> int:
    """The usual decimals, or as many more as show a digit of the spread."""
    if spread == 0:
        return usual
    return next(
        (more for more in range(usual, usual + _FURTHER_DECIMALS) if round(spread, more) > 0), usual + _FURTHER_DECIMALS
    )


def _decimals(show: Show, number: float) -> int:
    """Decimals of a number in its fitting unit."""
    match show:
        case "percent" | "milliseconds":
            return 2
        case "bytes":
            return 1 if number >= 100 else 2
        case "seconds":
            return 1 if number >= 10 else 2
        case "joules":
            return 1
        case "count":
            return 0
    return _significant_decimals(number)


def _decimals_for_small(show: Show, number: float) -> int:
    """The usual decimals, or as many as keep two digits of what is small in the unit of its column."""
    usual = _decimals(show, number)
    if number == 0 or not math.isfinite(number) or len(_table_units(show)) < 2:
        return usual
    return max(usual, min(usual + _FURTHER_DECIMALS, 1 - math.floor(math.log10(number))))


def _significant_decimals(number: float) -> int:
    """Decimals that keep four digits."""
    if number == 0 or number >= 1000:
        return 0
    return max(0, min(8, 3 - math.floor(math.log10(number))))
