"""What the page says of runs: what holds for all, their environments, and how each was made."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.columns import Column
from densebench.comparison.formats import format_setting
from densebench.comparison.grouping import find_shared
from densebench.comparison.values import Comparison, Row
from densebench.errors import count_noun
from densebench.escape import plain
from densebench.machine import Environment
from densebench.records import COLUMNS, Run
from densebench.reporting.figures.series import unfinished
from densebench.reporting.row_columns import SHARED
from densebench.units import UNKNOWN, format_value

_FIELDS = tuple(column for column in COLUMNS.values() if column.level == "environment")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A setting that is equal in all rows."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class _EnvironmentField:
    """A column of the environment: a text for each different environment."""

    title: str
    means: str
    texts: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, kw_only=True)
class Environments:
    """The different environments, lettered, with the number of runs of each."""

    letters: tuple[str, ...]
    counts: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]  # places of the rows that have runs in it
    fields: tuple[_EnvironmentField, ...]


@dataclass(frozen=True, kw_only=True)
class RunEntry:
    """How a run was made, and what a reader must know of it."""

    run: str
    status: str
    seed: str
    started: str
    environment: str
    command: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RowRuns:
    """The runs of a row of the comparison: its place there, and what became of them."""

    place: int
    label: str
    status: str
    about: str
    runs: tuple[RunEntry, ...]


def about(comparison: Comparison) -> str:
    """How many runs, in how many rows, from when to when."""
    runs = _measured(comparison)
    rows = [row for row in comparison.rows if row.phase != "published"]
    days = sorted(run.started[:10] for run in runs if run.started)
    when = f", {days[0]}" if days else ""
    until = f" to {days[-1]}" if days and days[-1] != days[0] else ""
    return plain(f"{count_noun(len(runs), 'run')} in {count_noun(len(rows), 'row')}{when}{until}")


def facts(comparison: Comparison) -> list[Fact]:
    """What is equal in all rows that were measured here."""
    rows = [row for row in comparison.rows if row.phase != "published"]
    equal = find_shared(rows) if rows else ()
    return [
        Fact(title=COLUMNS[name].about.title, text=format_setting(rows[0], name)) for name in SHARED if name in equal
    ]


def environments(comparison: Comparison) -> Environments:
    found = _different(comparison)
    runs = _measured(comparison)
    columns = [(column, tuple(_show(column, environment) for environment in found)) for column in _FIELDS]
    return Environments(
        letters=tuple(_letter(place) for place in range(len(found))),
        counts=tuple(sum(run.environment == environment for run in runs) for environment in found),
        rows=tuple(_find_rows(comparison, environment) for environment in found),
        fields=tuple(
            _EnvironmentField(
                title=column.about.title, means=column.about.means, texts=texts, differs=len(set(texts)) > 1
            )
            for column, texts in columns
            if any(text != UNKNOWN for text in texts)
        ),
    )


def _measured(comparison: Comparison) -> list[Run]:
    return [run for row in comparison.rows if row.phase != "published" for run in row.runs]


def _different(comparison: Comparison) -> list[Environment]:
    return list(dict.fromkeys(run.environment for run in _measured(comparison)))


def _find_rows(comparison: Comparison, environment: Environment) -> tuple[int, ...]:
    measured = [(place, row) for place, row in enumerate(comparison.rows) if row.phase != "published"]
    return tuple(place for place, row in measured if any(run.environment == environment for run in row.runs))


def _show(column: Column, environment: Environment) -> str:
    return format_value(column.about.show, getattr(environment, column.name))


def _letter(place: int) -> str:
    """A, B, ..., Z, A2, B2, ..."""
    return f"{chr(ord('A') + place % 26)}{place // 26 + 1 if place >= 26 else ''}"


def list_runs(comparison: Comparison) -> list[RowRuns]:
    """The runs of every row; a row whose runs did not all complete has the status of the first that did not."""
    found = _different(comparison)
    return [
        RowRuns(
            place=place,
            label=plain(row.label),
            status="published" if row.phase == "published" else unfinished(row) or "completed",
            about=_describe_runs(row),
            runs=tuple(_run_entry(run, found) for run in row.runs),
        )
        for place, row in enumerate(comparison.rows)
    ]


def _describe_runs(row: Row) -> str:
    """How many, and the reasons of those that failed, which a reader must see without a click."""
    reasons = dict.fromkeys(run.reason for run in row.runs if run.reason)
    return plain("; ".join((count_noun(len(row.runs), "run"), *reasons)))


def _run_entry(run: Run, found: Sequence[Environment]) -> RunEntry:
    published = run.phase == "published"
    return RunEntry(
        run=plain(run.run),
        status="published" if published else run.status,
        seed="" if run.seed is None else str(run.seed),
        started=plain(run.started or ""),
        environment="" if published else _letter(found.index(run.environment)),
        command=plain(run.command or ""),
        remarks=tuple(plain(text) for text in (run.reason, run.warnings, run.source) if text),
    )
