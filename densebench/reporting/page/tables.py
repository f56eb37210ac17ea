"""The page's tables: rows of one phase with what each is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import interval_text
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import Comparison, Row
from densebench.escape import plain
from densebench.records import COLUMNS, Phase
from densebench.reporting.comparison_grids import TITLES
from densebench.reporting.comparison_tables import fit_rows
from densebench.reporting.figures.series import COLOURS, DASHES
from densebench.reporting.grid import Cell, GridColumn
from densebench.reporting.row_columns import is_figure, is_on_page
from densebench.units import UNKNOWN


@dataclass(frozen=True, kw_only=True)
class _TableCell:
    """One value; ``sort`` is what its column is sorted by, None where unknown."""

    text: str
    detail: str  # the interval
    sort: float | str | None
    best: bool


@dataclass(frozen=True, kw_only=True)
class _TableColumn:
    """A head with what it means; ``descending`` says which order comes first."""

    title: str
    means: str
    right: bool
    descending: bool


@dataclass(frozen=True, kw_only=True)
class _TableRow:
    """The cells of a row of the comparison, and the classes of its line in the charts."""

    colour: int
    dash: int
    dim: bool
    front: bool
    cells: tuple[_TableCell, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of rows of one phase."""

    title: str
    phase: Phase
    columns: tuple[_TableColumn, ...]
    rows: tuple[_TableRow, ...]


def sections(comparison: Comparison) -> list[Section]:
    return [_section(comparison, phase) for phase in TITLES if comparison.of(phase)]


def _section(comparison: Comparison, phase: Phase) -> Section:
    rows = comparison.of(phase)
    grid = fit_rows(rows, None, None).grid
    columns = _order_columns(grid.columns)
    return Section(
        title=grid.title,
        phase=phase,
        columns=tuple(_table_column(column) for column in columns),
        rows=tuple(
            _TableRow(
                colour=(place := comparison.rows.index(row)) % len(COLOURS),
                dash=place // len(COLOURS) % len(DASHES),
                dim=grid.dim[index],
                front=row.on_front,
                cells=tuple(_table_cell(column, row, column.cells[index]) for column in columns),
            )
            for index, row in enumerate(rows)
        ),
    )


def _order_columns(columns: Sequence[GridColumn]) -> list[GridColumn]:
    """The settings, then the figures, the most important first."""
    figures = [column for column in columns[1:] if is_figure(column) and is_on_page(column)]
    differing = [column for column in columns[1:] if not is_figure(column)]
    return [columns[0], *differing, *sorted(figures, key=lambda column: -column.keep)]


def _table_column(column: GridColumn) -> _TableColumn:
    metric = METRICS.get(column.name)
    means = metric.means if metric else COLUMNS[column.name].about.means if column.name in COLUMNS else ""
    return _TableColumn(
        title=plain(column.title),
        means=means,
        right=column.right,
        descending=metric is not None and metric.best == "high",
    )


def _table_cell(column: GridColumn, row: Row, cell: Cell) -> _TableCell:
    return _TableCell(text=cell.text, detail=_detail(column.name, row), sort=_sort_key(cell), best=cell.best)


def _detail(name: str, row: Row) -> str:
    metric = METRICS.get(name)
    interval = row.summary(name).interval if metric is not None and metric.display.interval is not None else None
    return interval_text(metric.show, interval) if metric is not None and interval is not None else ""


def _sort_key(cell: Cell) -> float | str | None:
    """The figure behind a text, so that 9 MiB comes before 10 MiB."""
    if isinstance(cell.value, str):
        return None if cell.text in ("", UNKNOWN) else cell.text.casefold()
    return None if cell.value is None else float(cell.value)
