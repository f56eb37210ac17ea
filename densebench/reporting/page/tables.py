"""The page's tables: rows of one phase with what each is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import interval_text
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import Comparison, Row, settings
from densebench.escape import plain
from densebench.records import COLUMNS, Phase
from densebench.reporting.comparison_tables import PHASES, fitted_rows
from densebench.reporting.figures.series import COLOURS, DASHES
from densebench.reporting.grid import Cell, GridColumn
from densebench.units import UNKNOWN

WITH_INTERVAL = ("test_accuracy", "epoch_seconds")


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
