"""Results files that a spreadsheet has saved: other encodings and separators, decimal commas; and files of other kinds.

What has one meaning is read. Anything else is refused in a sentence that names it and says how to save the file.
"""

import codecs
import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from densebench.errors import ResultsError
from densebench.records import COLUMNS
from densebench.results.file_rows import REQUIRED, Row

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=.["\t,;]*(?=[\r\n])')  # a hint to Excel above the header
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")
_DECIMAL_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,][0-9]{3})+")  # 1,234 or 1.234: perhaps thousands
_PARTS_OF_NUMBERS = re.compile(r"[0-9.,eE+-]+")
_JSON_KINDS: dict[str, set[str]] = {
    "JSON that --format json printed": {"schema", "kind"},
    "JSON of pytest-benchmark": {"benchmarks", "machine_info"},
    "JSON of pyperf": {"benchmarks", "version"},
}
_SAVE_AS = "save the file as CSV in UTF-8 with commas between the cells and with decimal points"


def decode_text(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 with one; raises :class:`UnicodeDecodeError`."""
    text = content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8-sig")
    hint = _SEPARATOR_LINE.match(text)
    return text if hint is None else text[hint.end() :]


def find_separator(path: Path, text: str) -> str:
    """What separates the cells of the header; raises :class:`ResultsError` for JSON and for other separators."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for separator in _SEPARATORS:
        if set(REQUIRED) <= set(_split_header(header, separator)):
            return separator
    kind = _recognise_json(text)
    if kind is not None:
        raise ResultsError(f"{path} is {kind}, not a results file: give the CSV files that densebench wrote.")
    for separator in sorted(set(re.findall(r"[^\w\"]", header))):
        if set(REQUIRED) <= {name.strip(' "') for name in header.split(separator)}:
            raise ResultsError(f"{path}, line 1: its cells are separated by {separator!r}: {_SAVE_AS}.")
    return ","


def _split_header(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _recognise_json(text: str) -> str | None:
    """Which program's JSON a text is; None if it is none."""
    start = text.lstrip()
    if not start.startswith(("{", "[")):
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(start)
    except (ValueError, RecursionError):
        return None
    keys = set(found) if isinstance(found, dict) else set()
    return next((kind for kind, needed in _JSON_KINDS.items() if needed <= keys), _recognise_hyperfine(found))


def _recognise_hyperfine(found: object) -> str:
    results = found.get("results") if isinstance(found, dict) else None
    has_commands = isinstance(results, list) and all(
        "command" in result for result in results if isinstance(result, dict)
    )
    return "JSON of hyperfine" if has_commands else "JSON"


def use_decimal_points(path: Path, separator: str, rows: Sequence[Row]) -> list[Row]:
    """The rows with decimal points, if their numbers have commas; raises :class:`ResultsError` where one may be both.

    Some number must show that a comma is a decimal one: 0,5 does, 1,234 may be thousands. Where semicolons separate the
    cells, it is enough that no number has a decimal point.
    """
    numbers = [row.cells[place] for row in rows for place in _list_number_places(row)]
    if not any("," in cell for cell in numbers):
        return list(rows)
    is_decimal = any(_DECIMAL_COMMA.fullmatch(cell) and not _GROUPED.fullmatch(cell) for cell in numbers)
    is_decimal |= separator == ";" and not any(_DECIMAL_POINT.fullmatch(cell) for cell in numbers)

    def convert(row: Row, name: str, cell: str) -> str:
        if _is_ambiguous(cell, is_decimal=is_decimal, is_count=COLUMNS[name].type is int):
            raise ResultsError(
                f"{path}, line {row.line}: {name} is {cell!r}, which may have a decimal sign or thousands separators: "
                f"{_SAVE_AS} and no thousands separators."
            )
        return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell

    return [_convert_numbers(row, convert) for row in rows]


def _convert_numbers(row: Row, convert: Callable[[Row, str, str], str]) -> Row:
    cells = list(row.cells)
    names = {place: name for name, place in row.header.place.items()}
    for place in _list_number_places(row):
        cells[place] = convert(row, names[place], cells[place])
    return row._replace(cells=cells)


def _list_number_places(row: Row) -> list[int]:
    return [place for name, place in row.header.place.items() if COLUMNS[name].type in (int, float)]


def _is_ambiguous(cell: str, *, is_decimal: bool, is_count: bool) -> bool:
    """Whether a number of a file with commas in numbers has more than one meaning."""
    if not _PARTS_OF_NUMBERS.fullmatch(cell):
        return False
    if "," not in cell:
        return _GROUPED.fullmatch(cell) is not None
    if is_count:
        return re.fullmatch(r"[0-9]+,0+", cell) is None or _GROUPED.fullmatch(cell) is not None
    return _DECIMAL_COMMA.fullmatch(cell) is None or (not is_decimal and _GROUPED.fullmatch(cell) is not None)
