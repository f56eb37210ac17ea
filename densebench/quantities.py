"""Numbers with units as a user writes them: ``8GiB``, ``2h``, ``93%``, ``0.3pp``."""

import re
from dataclasses import dataclass

from densebench.columns import Show
from densebench.errors import InputError
from densebench.units import UNITS, Form

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,2}))?\s*([A-Za-z%]*)")
# The form that a column's values are written in; a bare number is in the column's own unit.
_FITTING: dict[Show, Form] = {
    "bytes": "bytes",
    "seconds": "seconds",
    "milliseconds": "seconds",
    "joules": "joules",
    "percent": "percent",
}


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number in base units (bytes, seconds, joules, fractions) and what kind of thing it measures."""

    value: float
    form: Form


def parse_quantity(text: str, where: str) -> Quantity:
    """Read ``8GiB``; raises :class:`InputError` that quotes ``where``."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{where}: {text.strip()!r} is not a number with a unit: write it as 8GiB, 2h, 5% or 0.3pp.")
    digits, exponent, unit = match.groups()
    if unit not in UNITS:
        raise InputError(f"{where}: unknown unit {unit!r}: choose from {', '.join(filter(None, UNITS))}.")
    form, factor = UNITS[unit]
    return Quantity(value=float(f"{digits}e{exponent or 0}") * factor, form=form)


def convert_to_unit(show: Show, given: Quantity, where: str) -> float:
    """The number in the unit of a column; raises :class:`InputError` if its unit measures something else."""
    expected = _FITTING.get(show, "plain")
    if given.form not in ("plain", expected):
        units = [unit for unit, (form, _) in UNITS.items() if form == expected and unit] or ["a plain number"]
        raise InputError(f"{where}: the unit does not fit the column: use {', '.join(units)}.")
    milli = show == "milliseconds" and given.form == "seconds"
    return given.value * 1e3 if milli else given.value
