"""The page's tables: rows of one phase with what each is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.formats import format_interval
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import Comparison, Row
from densebench.escape import plain
from densebench.records import COLUMNS, Phase
from densebench.reporting.comparison_grids import TITLES
from densebench.reporting.comparison_tables import fit_rows
from densebench.reporting.figures.series import Look, choose_looks
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

    name: str
    title: str
    means: str
    right: bool
    descending: bool
    is_setting: bool


@dataclass(frozen=True, kw_only=True)
class _TableRow:
    """The cells of a row of the comparison, its place there and its look; ``settings`` are those of its cells."""

    place: int
    look: Look
    settings: str
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
    looks = choose_looks(comparison.rows)
    return [_section(comparison, phase, looks) for phase in TITLES if comparison.of(phase)]


def _section(comparison: Comparison, phase: Phase, looks: Sequence[Look]) -> Section:
    rows = comparison.of(phase)
    places = [place for place, row in enumerate(comparison.rows) if row.phase == phase]
    grid = fit_rows(rows, None, None).grid
    differing = [column for column in grid.columns[1:] if not is_figure(column)]
    columns = [grid.columns[0], *differing, *_order_figures(grid.columns[1:])]
    return Section(
        title=grid.title,
        phase=phase,
        columns=tuple(_table_column(column, is_setting=column in differing) for column in columns),
        rows=tuple(
            _TableRow(
                place=places[index],
                look=looks[places[index]],
                settings=_join_settings(differing, index),
                dim=grid.dim[index],
                front=row.on_front,
                cells=tuple(_table_cell(column, row, column.cells[index]) for column in columns),
            )
            for index, row in enumerate(rows)
        ),
    )


def _order_figures(columns: Sequence[GridColumn]) -> list[GridColumn]:
    """The most important first."""
    figures = [column for column in columns if is_figure(column) and is_on_page(column)]
    return sorted(figures, key=lambda column: -column.keep)


def _join_settings(columns: Sequence[GridColumn], index: int) -> str:
    """What stands below a row's name where the columns of settings have no room; ``completed`` goes without saying."""
    texts = [column.cells[index].text for column in columns]
    return " · ".join(plain(text) for text in texts if text not in ("", UNKNOWN, "completed"))


def _table_column(column: GridColumn, *, is_setting: bool) -> _TableColumn:
    metric = METRICS.get(column.name)
    means = metric.means if metric else COLUMNS[column.name].about.means if column.name in COLUMNS else ""
    return _TableColumn(
        name=column.name,
        title=plain(column.title),
        means=means,
        right=column.right,
        descending=metric is not None and metric.best == "high",
        is_setting=is_setting,
    )


def _table_cell(column: GridColumn, row: Row, cell: Cell) -> _TableCell:
    return _TableCell(text=cell.text, detail=_detail(column.name, row), sort=_sort_key(cell), best=cell.best)


def _detail(name: str, row: Row) -> str:
    metric = METRICS.get(name)
    interval = row.summary(name).interval if metric is not None and metric.display.interval is not None else None
    return format_interval(metric.show, interval) if metric is not None and interval is not None else ""


def _sort_key(cell: Cell) -> float | str | None:
    """The figure behind a text, so that 9 MiB comes before 10 MiB."""
    if isinstance(cell.value, str):
        return None if cell.text in ("", UNKNOWN) else cell.text.casefold()
    return None if cell.value is None else float(cell.value)
