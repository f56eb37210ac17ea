"""One results file to its runs. Whatever is wrong with it ends in one :class:`ResultsError` that names the line."""

import dataclasses
import stat
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from densebench.errors import ResultsError
from densebench.records import COLUMNS, SCHEMA, Environment, EpochRecord, Run
from densebench.results.cells import Misfit, decode
from densebench.results.file_rows import REQUIRED, WORDS, Level, Row, damaged, rows_of


class Part(NamedTuple):
    """Consecutive rows of one run, column by column."""

    path: Path
    lines: list[int]
    level: dict[Level, list[str]]
    columns: dict[str, tuple[str, ...]]


def read(path: str | Path) -> list[Run]:
    """The runs of a file, in its order; raises :class:`ResultsError`. Columns that it lacks are unknown."""
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ResultsError(f"{path} is not a file: give results files, or a folder that holds some.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            parts = [one_run(path, list(rows)) for _, rows in groupby(rows_of(path, file), key=owner)]
    except OSError as error:
        raise ResultsError(f"{path} cannot be read ({error.strerror}): check its name and permissions.") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path} is not UTF-8 text: give files that densebench wrote.") from None
    if not parts:
        raise ResultsError(f"{path} holds no run: remove it, or give files that densebench wrote.")
    return joined(path, parts)


def owner(row: Row) -> tuple[int, str, str]:
    place = row.header.place
    return id(row.header), row.cells[place["run"]], row.cells[place["phase"]]


def one_run(path: Path, rows: list[Row]) -> Run:
    """The run of rows with one header; what describes the run must be the same in all of them."""
    check_schema(path, rows[0])
    columns = list(zip(*(row.cells for row in rows), strict=True))
    header = rows[0].header
    by_name = {name: columns[place] for name, place in header.place.items()}
    part = Part(path=path, lines=[row.line for row in rows], level=header.level, columns=by_name)
    run = shared_values(part, "run")
    for name in REQUIRED:
        if run[name] is None or run[name] not in WORDS.get(name, (run[name],)):
            belongs = " or ".join(WORDS.get(name, ("a name",)))
            raise damaged(path, rows[0].line, f"{name} is {run[name] or ''!r} where {belongs} belongs")
    run["schema"] = run.get("schema") or SCHEMA
    environment = Environment(**shared_values(part, "environment"))
    return Run(**run, environment=environment, records=tuple(records_of(part)))


def check_schema(path: Path, row: Row) -> None:
    """A newer version may mean something else by a column's name, so it is not read at all."""
    place = row.header.place.get("schema")
    text = row.cells[place] if place is not None else ""
    if text.isdecimal() and len(text) < 10 and int(text) > SCHEMA:
        raise ResultsError(
            f"{path}, line {row.line}: its schema {text} is newer than {SCHEMA}, which this densebench reads: "
            "upgrade densebench."
        )


def shared_values(part: Part, level: Level) -> dict[str, Any]:
    """The values of the columns that all rows repeat."""
    found = {}
    for name in part.level[level]:
        cells = part.columns[name]
        if cells.count(cells[0]) != len(cells):
            line = next(line for line, cell in zip(part.lines, cells, strict=True) if cell != cells[0])
            raise damaged(part.path, line, f"{name} differs from the run's earlier rows")
        found[name] = values(part, name, cells[:1])[0]
    return found


def records_of(part: Part) -> Iterator[EpochRecord]:
    """One record a row; a row without any epoch value stands for a run that has no epoch yet."""
    names = part.level["epoch"]
    for record in zip(*(values(part, name, part.columns[name]) for name in names), strict=True):
        if record.count(None) != len(names):
            yield EpochRecord(**dict(zip(names, record, strict=True)))


def values(part: Part, name: str, cells: Sequence[str]) -> list[Any]:
    try:
        return decode(COLUMNS[name], cells)
    except Misfit as misfit:
        raise damaged(part.path, part.lines[misfit.index], str(misfit)) from None


def joined(path: Path, parts: Sequence[Run]) -> list[Run]:
    """Runs whose rows stood apart, made whole; their epochs in order."""
    whole: dict[tuple[str, str], Run] = {}
    for part in parts:
        key = part.run, part.phase
        if key in whole and repr(bare(whole[key])) != repr(bare(part)):
            raise ResultsError(f"{path} holds two different runs named {part.run!r}: keep them in files of their own.")
        records = whole[key].records + part.records if key in whole else part.records
        whole[key] = dataclasses.replace(part, records=records)
    return [dataclasses.replace(run, records=in_order(path, run)) for run in whole.values()]


def bare(run: Run) -> Run:
    return dataclasses.replace(run, records=())


def in_order(path: Path, run: Run) -> tuple[EpochRecord, ...]:
    """The records by epoch; a repeated row counts once, and two that differ are refused."""
    epochs = [record.epoch for record in run.records]
    if all(epoch == index for index, epoch in enumerate(epochs, 1)) or len(epochs) < 2:
        return run.records
    by_epoch: dict[int, EpochRecord] = {}
    for record in run.records:
        if record.epoch is None:
            raise ResultsError(f"{path}: a row of run {run.run!r} has no epoch beside others: remove it.")
        if repr(by_epoch.setdefault(record.epoch, record)) != repr(record):
            raise ResultsError(f"{path}: epoch {record.epoch} of run {run.run!r} has two different rows: remove one.")
    return tuple(by_epoch[number] for number in sorted(by_epoch))
