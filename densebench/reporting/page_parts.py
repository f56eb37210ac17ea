"""What the page shows as text: tables of rows, facts that hold for all, environments, and how each run was made."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.records import COLUMNS, Column, Environment, Phase, Run
from densebench.reporting.escape import plain
from densebench.reporting.figures_series import COLOURS, DASHES
from densebench.reporting.formats import UNKNOWN, figure_text, interval_text, setting_text
from densebench.reporting.grid import Cell, GridColumn
from densebench.reporting.grouping import shared
from densebench.reporting.metrics import METRICS
from densebench.reporting.rows import Comparison, Row, settings
from densebench.reporting.tables import PHASES, SHARED, fitted_rows

WITH_INTERVAL = ("test_accuracy", "epoch_seconds")
FIELDS = tuple(column for column in COLUMNS.values() if column.level == "environment")


@dataclass(frozen=True, kw_only=True)
class TableCell:
    """One value; ``sort`` is what its column is sorted by, None where unknown."""

    text: str
    detail: str  # the interval
    sort: float | str | None
    best: bool


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A head with what it means; ``descending`` says which order comes first."""

    title: str
    means: str
    right: bool
    descending: bool


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """The cells of a row of the comparison, and the classes of its line in the charts."""

    colour: int
    dash: int
    dim: bool
    front: bool
    cells: tuple[TableCell, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of rows of one phase."""

    title: str
    phase: Phase
    columns: tuple[TableColumn, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A setting that is equal in all rows."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentField:
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
    fields: tuple[EnvironmentField, ...]


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


def sections(comparison: Comparison) -> list[Section]:
    return [section(comparison, phase) for phase in PHASES if comparison.of(phase)]


def section(comparison: Comparison, phase: Phase) -> Section:
    rows = comparison.of(phase)
    grid = fitted_rows(rows, None, None).grid
    columns = ordered(grid.columns)
    return Section(
        title=grid.title,
        phase=phase,
        columns=tuple(table_column(column) for column in columns),
        rows=tuple(
            TableRow(
                colour=(place := comparison.rows.index(row)) % len(COLOURS),
                dash=place // len(COLOURS) % len(DASHES),
                dim=grid.dim[index],
                front=row.on_front,
                cells=tuple(table_cell(column, row, column.cells[index]) for column in columns),
            )
            for index, row in enumerate(rows)
        ),
    )


def ordered(columns: Sequence[GridColumn]) -> list[GridColumn]:
    """What tells rows apart, then the figures, the most asked for first; intervals and fronts stand in the cells."""
    figures = [column for column in columns[1:] if column.name in METRICS or column.name not in COLUMNS]
    apart = [column for column in columns[1:] if column not in figures]
    shown = [column for column in figures if not column.name.endswith("_interval") and column.name != "pareto"]
    return [columns[0], *apart, *sorted(shown, key=lambda column: -column.keep)]


def table_column(column: GridColumn) -> TableColumn:
    metric = METRICS.get(column.name)
    means = metric.means if metric else COLUMNS[column.name].about.means if column.name in COLUMNS else ""
    return TableColumn(
        title=plain(column.title),
        means=means,
        right=column.right,
        descending=metric is not None and metric.best == "high",
    )


def table_cell(column: GridColumn, row: Row, cell: Cell) -> TableCell:
    summary = row.summary(column.name) if column.name in WITH_INTERVAL else None
    interval = summary.interval if summary else None
    detail = interval_text(METRICS[column.name].show, interval) if interval else ""
    return TableCell(text=cell.text, detail=detail, sort=sort_key(column.name, row, cell.text), best=cell.best)


def sort_key(name: str, row: Row, text: str) -> float | str | None:
    """The figure behind a text, so that 9 MiB stands before 10 MiB."""
    if name in METRICS:
        return row.summary(name).figure
    if name == "runs":
        return float(len(row.runs))
    if name in COLUMNS and COLUMNS[name].type in (int, float):
        value = settings(row, name)[0]
        return float(value) if isinstance(value, int | float) else None
    return None if text in ("", UNKNOWN) else text.casefold()


def facts(comparison: Comparison) -> list[Fact]:
    """What is equal in all rows that were measured here."""
    rows = [row for row in comparison.rows if row.phase != "published"]
    equal = shared(rows) if rows else ()
    return [Fact(title=COLUMNS[name].about.title, text=setting_text(rows[0], name)) for name in SHARED if name in equal]


def environments(comparison: Comparison) -> Environments:
    found = different(comparison)
    runs = measured(comparison)
    columns = [(column, tuple(shown(column, environment) for environment in found)) for column in FIELDS]
    return Environments(
        letters=tuple(letter(place) for place in range(len(found))),
        counts=tuple(sum(run.environment == environment for run in runs) for environment in found),
        fields=tuple(
            EnvironmentField(
                title=column.about.title, means=column.about.means, texts=texts, differs=len(set(texts)) > 1
            )
            for column, texts in columns
            if any(text != UNKNOWN for text in texts)
        ),
    )


def measured(comparison: Comparison) -> list[Run]:
    return [run for row in comparison.rows if row.phase != "published" for run in row.runs]


def different(comparison: Comparison) -> list[Environment]:
    return list(dict.fromkeys(run.environment for run in measured(comparison)))


def shown(column: Column, environment: Environment) -> str:
    return figure_text(column.about.show, getattr(environment, column.name))


def letter(place: int) -> str:
    """A, B, ..., Z, A2, B2, ..."""
    return f"{chr(ord('A') + place % 26)}{place // 26 + 1 if place >= 26 else ''}"


def run_entries(comparison: Comparison) -> list[RunEntry]:
    found = different(comparison)
    return [run_entry(run, found) for row in comparison.rows for run in row.runs]


def run_entry(run: Run, found: Sequence[Environment]) -> RunEntry:
    published = run.phase == "published"
    return RunEntry(
        run=plain(run.run),
        status="published" if published else run.status,
        seed="" if run.seed is None else str(run.seed),
        started=plain(run.started or ""),
        environment="" if published else letter(found.index(run.environment)),
        command=plain(run.command or ""),
        remarks=tuple(plain(text) for text in (run.reason, run.warnings, run.source) if text),
    )
