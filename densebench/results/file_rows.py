"""The rows of a results file with the header above each; anything else in the file is an error with its line."""

import csv
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from densebench.columns import Level
from densebench.errors import ResultsError
from densebench.records import COLUMNS, Phase

_TORN = "it is cut off before its end of line"
REQUIRED = ("run", "status", "phase", "variant")


class Header(NamedTuple):
    """Where each known column stands in the rows that follow; columns that others added are left alone."""

    width: int
    place: dict[str, int]
    level: dict[Level, list[str]]


class Row(NamedTuple):
    """The cells of one row, the line they end on and the header above them."""

    header: Header
    line: int
    cells: list[str]


def iterate_rows(path: Path, file: typing.TextIO, separator: str = ",") -> Iterator[Row]:
    """Each row with its header; a further header line, left by concatenation, begins a new table."""
    lines = list(file)
    torn_line = len(lines) if lines and not lines[-1].endswith(("\n", "\r")) else None
    header: Header | None = None
    above: list[str] = []
    reader = csv.reader(_check_lines(path, lines), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None or _is_header(header, cells):
                header = _read_header(path, reader.line_num, cells)
                continue
            if reader.line_num == torn_line and not _is_complete(header, cells, above):
                raise make_damage_error(path, reader.line_num, _TORN)
            if len(cells) != header.width:
                raise make_damage_error(
                    path, reader.line_num, f"it has {len(cells)} cells under {header.width} columns"
                )
            above = cells
            yield Row(header, reader.line_num, cells)
    except csv.Error as error:
        what = _TORN if reader.line_num == torn_line else str(error)
        raise make_damage_error(path, reader.line_num, what) from None


def _is_complete(header: Header, cells: list[str], above: list[str]) -> bool:
    """Whether a last row without an end of line has all cells; an empty last one only if the row above has it too."""
    return len(cells) == header.width and bool(cells[-1] or (above and not above[-1]))


def _is_header(above: Header, cells: list[str]) -> bool:
    """Whether a row is not one of the table above but names columns itself."""
    place = above.place["phase"]
    known_phase = place < len(cells) and cells[place] in typing.get_args(Phase)
    return not known_phase and set(REQUIRED) <= set(cells)


def _check_lines(path: Path, lines: Iterable[str]) -> Iterator[str]:
    """The lines of a text; one with NUL is damaged."""
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise make_damage_error(path, number, "it holds a NUL byte")
        yield line


def _read_header(path: Path, line: int, cells: list[str]) -> Header:
    missing = [name for name in REQUIRED if name not in cells]
    if missing:
        raise ResultsError(
            f"{path}, line {line}: this is no densebench results file: it lacks the column "
            f"{' and '.join(missing)}: give files that densebench wrote."
        )
    place = {name: index for index, name in enumerate(cells) if name in COLUMNS}
    if any(cells.count(name) > 1 for name in place):
        raise make_damage_error(path, line, "it names a column twice")
    levels = {level: [name for name in place if COLUMNS[name].level == level] for level in typing.get_args(Level)}
    return Header(len(cells), place, levels)


def make_damage_error(path: Path, line: int, what: str) -> ResultsError:
    return ResultsError(f"{path}, line {line}: {what}: the file is damaged, so restore it or remove it.")
