"""One cell of a results file: a value to text and back, bit for bit.

Floats are written by ``repr``, so that reading gives the same bits; ``nan`` and ``inf`` are facts and stay. Unknown is
an empty cell. A text that a spreadsheet would take for a formula gets an apostrophe before it, which reading strips.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from densebench.columns import Column
from densebench.results.plausibility import Bounds, get_bounds

_FORMULA_STARTS = tuple("=+-@\t\r\n'")
LONGEST_TEXT = 32_000  # characters; a spreadsheet holds 32,767 in a cell
_COUNT = re.compile(r"[0-9]{1,18}(\.0+)?")  # spreadsheets and pandas write 12 as 12.0 beside an empty cell
_SHORTENED = re.compile(r"[0-9]+[.,]?[0-9]*[eE]\+?[0-9]+")  # 3.22E+09: the other digits are lost
_ODD_IN_NUMBERS = re.compile(r"[^0-9a-zA-Z+.\n-]")  # float() itself takes 1_000, blanks and other scripts' digits


_T = TypeVar("_T")


class Misfit(ValueError):
    """A cell that does not fit its column; ``index`` counts the cells given."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def encode(column: Column, value: Any) -> str:
    """The cell of a value, quoted where CSV needs it."""
    if value is None:
        return ""
    if column.type is bool:
        return "true" if value else "false"
    if column.type is int:
        return str(operator.index(value))
    if column.type is float:
        return float.__repr__(float(value))
    return quote_cell(make_harmless(str(value)))


def write_plain(value: object) -> str:
    """A value as text: ``true``, and floats to the last bit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return float.__repr__(value) if isinstance(value, float) else str(value)


def make_harmless(text: str) -> str:
    """A text that no spreadsheet runs, without NUL, and no longer than ``LONGEST_TEXT``; if it is cut, it says so."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(text) > LONGEST_TEXT:
        note = f" [cut off: {len(text)} characters]…"
        text = text[: LONGEST_TEXT - len(note)] + note
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def quote_cell(text: str) -> str:
    """A CSV field; ``csv.writer`` leaves a lone carriage return unquoted, which no reader takes back."""
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def decode(column: Column, cells: Sequence[str]) -> list[Any]:
    """The values of one column's cells; raises :class:`Misfit` for the first that does not fit."""
    if not any(cells):
        return [None] * len(cells)
    return _DECODERS[column.type](column, cells)


def _decode_texts(column: Column, cells: Sequence[str]) -> list[str | None]:
    return [value or None for value in _convert_each(column, cells, _strip_apostrophe, "text")]


def _strip_apostrophe(cell: str) -> str:
    """The text without the apostrophe that made it harmless."""
    return cell[1:] if cell[0] == "'" else cell


def _decode_counts(column: Column, cells: Sequence[str]) -> list[int | None]:
    return _convert_each(column, cells, _parse_count, "a whole number")


def _decode_flags(column: Column, cells: Sequence[str]) -> list[bool | None]:
    return _convert_each(column, cells, _parse_flag, "true or false")


def _decode_numbers(column: Column, cells: Sequence[str]) -> list[float | None]:
    """Each within the bounds of its column, or ``nan``."""
    bounds = get_bounds(column)
    try:
        values = [float(cell) if cell else None for cell in cells]
    except ValueError:
        return _convert_each(column, cells, _parse_number, "a number")
    if bounds is not None and not all(value is None or bounds.contain(value) for value in values):
        return _convert_each(column, cells, partial(_parse_within, bounds), bounds.words)
    if _ODD_IN_NUMBERS.search("\n".join(cells)):
        return _convert_each(column, cells, _parse_number, "a number")
    return values


def _convert_each(column: Column, cells: Sequence[str], convert: Callable[[str], _T], expected: str) -> list[_T | None]:
    """Each cell converted, those that repeat once."""
    known: dict[str, _T | None] = {}
    for cell in dict.fromkeys(cells):
        try:
            known[cell] = convert(cell) if cell else None
        except ValueError:
            raise Misfit(_describe_misfit(column, cell, expected), cells.index(cell)) from None
    return [known[cell] for cell in cells]


def _describe_misfit(column: Column, cell: str, expected: str) -> str:
    shown = cell if len(cell) <= 40 else f"{cell[:39]}…"
    if column.type is int and _SHORTENED.fullmatch(cell):
        return f"{column.name} is {shown!r}, which a spreadsheet has shortened, where {expected} belongs"
    return f"{column.name} is {shown!r} where {expected} belongs"


def _parse_count(cell: str) -> int:
    if not _COUNT.fullmatch(cell):
        raise ValueError
    return int(cell.partition(".")[0])


def _parse_flag(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise ValueError
    return cell.lower() == "true"


def _parse_number(cell: str) -> float:
    if _ODD_IN_NUMBERS.search(cell):
        raise ValueError
    return float(cell)


def _parse_within(bounds: Bounds, cell: str) -> float:
    value = _parse_number(cell)
    if not (bounds.contain(value) or math.isnan(value)):
        raise ValueError
    return value


_DECODERS: dict[type, Callable[[Column, Sequence[str]], list[Any]]] = {
    str: _decode_texts,
    int: _decode_counts,
    float: _decode_numbers,
    bool: _decode_flags,
}
