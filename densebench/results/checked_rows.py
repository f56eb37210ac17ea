"""Reads any results file row by row; anything wrong with it raises a :class:`ResultsError` that names the line."""

import dataclasses
import io
import math
import typing
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from densebench.columns import Level
from densebench.errors import ResultsError
from densebench.machine import Environment
from densebench.records import COLUMNS, SCHEMA, EpochRecord, Phase, Run, Status
from densebench.results.cells import Misfit, decode
from densebench.results.dialects import decode_text, find_separator, use_decimal_points
from densebench.results.epoch_table import EpochTable, make_frame, to_table
from densebench.results.file_rows import REQUIRED, Row, iterate_rows, make_damage_error
from densebench.results.plausibility import find_decrease, mark_incomplete

_WORDS: dict[str, tuple[str, ...]] = {"status": typing.get_args(Status), "phase": typing.get_args(Phase)}


class _Part(NamedTuple):
    """Consecutive rows of one run, column by column."""

    path: Path
    lines: list[int]
    level: dict[Level, list[str]]
    columns: dict[str, tuple[str, ...]]


def read_rows(path: Path) -> list[Run]:
    """The runs of a file, in its order; raises :class:`ResultsError`. Columns that it lacks are unknown."""
    text = decode_text(path.read_bytes())
    separator = find_separator(path, text)
    rows = list(iterate_rows(path, io.StringIO(text, newline=""), separator))
    if separator != "," or '"' in text:  # else no cell can hold a comma
        rows = use_decimal_points(path, separator, rows)
    if not rows:
        raise ResultsError(f"{path} holds no run: remove it, or give files that densebench wrote.")
    runs = _join_parts(path, [_make_part_run(path, list(part)) for _, part in groupby(rows, key=_get_owner)])
    for run in runs:
        _check_elapsed(path, run, rows)
    return [mark_incomplete(run, [record.epoch for record in run.records]) for run in runs]


def describe_run(path: Path, line: int, cells: Mapping[str, str]) -> Run:
    """The run that a row describes, without its epochs; ``cells`` are those of the run's and environment's columns."""
    _check_schema(path, line, cells.get("schema", ""))
    values = {name: _decode(path, [line], name, [cell])[0] for name, cell in cells.items()}
    environment = {name: value for name, value in values.items() if COLUMNS[name].level == "environment"}
    described = {name: value for name, value in values.items() if name not in environment}
    for name in REQUIRED:
        if described[name] is None or described[name] not in _WORDS.get(name, (described[name],)):
            belongs = " or ".join(_WORDS.get(name, ("a name",)))
            raise make_damage_error(path, line, f"{name} is {described[name] or ''!r} where {belongs} belongs")
    described["schema"] = described.get("schema") or SCHEMA
    return Run(**described, environment=Environment(**environment))


def _get_owner(row: Row) -> tuple[int, str, str]:
    place = row.header.place
    return id(row.header), row.cells[place["run"]], row.cells[place["phase"]]


def _make_part_run(path: Path, rows: list[Row]) -> Run:
    """The run of rows with one header; what describes the run must be the same in all of them."""
    columns = list(zip(*(row.cells for row in rows), strict=True))
    header = rows[0].header
    by_name = {name: columns[place] for name, place in header.place.items()}
    part = _Part(path=path, lines=[row.line for row in rows], level=header.level, columns=by_name)
    described = [*header.level["run"], *header.level["environment"]]
    run = describe_run(path, part.lines[0], {name: by_name[name][0] for name in described})
    _check_repeated(part, described)
    return dataclasses.replace(run, records=_make_table(part))


def _check_schema(path: Path, line: int, text: str) -> None:
    """A newer version may mean something else by a column's name, so it is not read at all."""
    if text.isdecimal() and len(text) < 10 and int(text) > SCHEMA:
        raise ResultsError(
            f"{path}, line {line}: its schema {text} is newer than {SCHEMA}, which this densebench reads: "
            "upgrade densebench."
        )


def _check_repeated(part: _Part, names: Sequence[str]) -> None:
    for name in names:
        cells = part.columns[name]
        if cells.count(cells[0]) != len(cells):
            line = next(line for line, cell in zip(part.lines, cells, strict=True) if cell != cells[0])
            raise make_damage_error(part.path, line, f"{name} differs from the run's earlier rows")


def _make_table(part: _Part) -> EpochTable:
    """One row an epoch; a row without any epoch value stands for a run that has no epoch yet."""
    names = part.level["epoch"]
    columns = {name: _decode(part.path, part.lines, name, part.columns[name]) for name in names}
    kept = [row for row in range(len(part.lines)) if any(values[row] is not None for values in columns.values())]
    frame = make_frame({name: [values[row] for row in kept] for name, values in columns.items()}, len(kept))
    return EpochTable(frame, 0, len(kept))


def _decode(path: Path, lines: Sequence[int], name: str, cells: Sequence[str]) -> list[Any]:
    try:
        return decode(COLUMNS[name], cells)
    except Misfit as misfit:
        raise make_damage_error(path, lines[misfit.index], str(misfit)) from None


def _join_parts(path: Path, parts: Sequence[Run]) -> list[Run]:
    """Each run whole, though its rows stood in several places; its epochs in order."""
    whole: dict[tuple[str, str], Run] = {}
    for part in parts:
        key = part.run, part.phase
        if key not in whole:
            whole[key] = part
        elif repr(_without_epochs(whole[key])) != repr(_without_epochs(part)):
            raise ResultsError(f"{path} holds two different runs named {part.run!r}: keep them in files of their own.")
        else:
            whole[key] = dataclasses.replace(part, records=(*whole[key].records, *part.records))
    return [dataclasses.replace(run, records=_order_epochs(path, run)) for run in whole.values()]


def _check_elapsed(path: Path, run: Run, rows: Sequence[Row]) -> None:
    """Wall time goes forward; the error names the line of the epoch in which it does not."""
    elapsed = to_table(run.records).frame["elapsed_seconds"].to_numpy(dtype="float64", na_value=math.nan)
    place = find_decrease(elapsed)
    if place is not None:
        line = _find_line(rows, run, run.records[place].epoch)
        what = f"elapsed_seconds is {float(elapsed[place])!r}, which is less than in an earlier epoch"
        raise make_damage_error(path, line, what)


def _find_line(rows: Sequence[Row], run: Run, epoch: int | None) -> int:
    """The line of a run's epoch."""
    for row in rows:
        cells = {
            name: row.cells[place] for name, place in row.header.place.items() if name in ("run", "phase", "epoch")
        }
        is_its = (cells["run"].removeprefix("'"), cells["phase"]) == (run.run, run.phase)
        if is_its and decode(COLUMNS["epoch"], [cells.get("epoch", "")]) == [epoch]:
            return row.line
    return rows[-1].line


def _without_epochs(run: Run) -> Run:
    return dataclasses.replace(run, records=())


def _order_epochs(path: Path, run: Run) -> Sequence[EpochRecord]:
    """The records by epoch; a repeated row counts once, and two that differ are refused."""
    if len(run.records) < 2 or all(record.epoch == epoch for epoch, record in enumerate(run.records, 1)):
        return run.records
    by_epoch: dict[int, EpochRecord] = {}
    for record in run.records:
        if record.epoch is None:
            raise ResultsError(f"{path}: a row of run {run.run!r} has no epoch beside others: remove it.")
        if repr(by_epoch.setdefault(record.epoch, record)) != repr(record):
            raise ResultsError(f"{path}: epoch {record.epoch} of run {run.run!r} has two different rows: remove one.")
    return tuple(by_epoch[number] for number in sorted(by_epoch))
