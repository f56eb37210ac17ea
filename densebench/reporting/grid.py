"""A table before it has a form: columns of cells, and which columns stay when room is short."""

import dataclasses
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from densebench.columns import Show
from densebench.escape import plain
from densebench.records import COLUMNS
from densebench.units import STEPS, find_typical, fixed_unit, format_number, format_value

Value = str | int | float | bool | None
_GAP = 2  # blanks between two columns
_NAME_SHARE = 3  # a left-aligned column folds its text beyond a third of the width


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value as a person reads it, still as its file has it; and for machines."""

    text: str
    value: Value = None
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class GridColumn:
    """One column. ``keep`` orders the columns: where room is short, the lowest goes first.

    ``names`` are folded over two lines at most, as far as half of the width allows. A ``whole`` column is not folded.
    """

    name: str  # as --columns takes it
    title: str
    cells: tuple[Cell, ...]
    right: bool = True
    keep: int = 0
    names: bool = False  # of the rows
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table; ``dim`` says of each row whether it is shown faintly."""

    name: str  # its key in JSON
    title: str = ""
    columns: tuple[GridColumn, ...]
    dim: tuple[bool, ...] = ()

    @property
    def height(self) -> int:
        return len(self.columns[0].cells) if self.columns else 0


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A grid that fits, and the names of the columns that it had to leave out."""

    grid: Grid
    left_out: tuple[str, ...]


def make_column(
    name: str,
    title: str,
    values: Sequence[Value],
    *,
    show: Show = "text",
    texts: Sequence[str] | None = None,
    keep: int = 0,
    best: Collection[int] = (),
    names: bool = False,
) -> GridColumn:
    """A column of values in the form ``show``, with their unit in the title if all of them have the same.

    ``texts`` are shown instead of the values, under the title as it is; ``best`` are the places of the best values;
    ``names`` are those of the rows.
    """
    if texts is None:
        like = find_typical(values)
        title, texts = f"{title} {fixed_unit(show)}".rstrip(), [_text(show, value, like) for value in values]
    cells = tuple(
        Cell(text=text, value=value, best=place in best)
        for place, (text, value) in enumerate(zip(texts, values, strict=True))
    )
    right = show not in ("text", "flag")
    return GridColumn(name=name, title=title, cells=cells, right=right, keep=keep, names=names)


def make_results_column(
    name: str, values: Sequence[Value], *, texts: Sequence[str] | None = None, keep: int = 0, names: bool = False
) -> GridColumn:
    """A column that results files have too, under its title and in its form there."""
    about = COLUMNS[name].about
    return make_column(name, about.title, values, show=about.show, texts=texts, keep=keep, names=names)


def _text(show: Show, value: Value, like: float | None) -> str:
    """A value below its column's title; texts are kept as they are, to be escaped for each format."""
    if isinstance(value, str):
        return value
    if value is not None and show in STEPS:
        return format_number(show, value, unit=not fixed_unit(show), like=like)
    return format_value(show, value)


def blank_repeats(grid: Grid) -> Grid:
    """The grid with the names of a row only where its first column differs from the line above."""
    texts = [cell.text for cell in grid.columns[0].cells]
    repeats = [place > 0 and text == texts[place - 1] for place, text in enumerate(texts)]

    def blank(column: GridColumn) -> GridColumn:
        cells = zip(column.cells, repeats, strict=True)
        return dataclasses.replace(
            column, cells=tuple(dataclasses.replace(cell, text="") if again else cell for cell, again in cells)
        )

    return dataclasses.replace(grid, columns=tuple(blank(one) if one.names else one for one in grid.columns))


def mark_best(cell: Cell) -> str:
    """The text as a terminal shows it, the best figure of a column marked without colour too."""
    return f"*{plain(cell.text)}" if cell.best else plain(cell.text)


def fit(grid: Grid, width: int | None) -> Fitted:
    """Take the columns in the order of ``keep``, up to the first that does not fit; the first is always taken.

    A lesser column that would still fit is not taken either: it would stand where a more important one is hidden.
    Texts are then folded no more than the width that is left makes necessary.
    """
    if width is None:
        return Fitted(grid=grid, left_out=())
    first, rest = grid.columns[0], grid.columns[1:]
    taken = [first]
    for column in sorted(rest, key=lambda column: -column.keep):
        if _total_width([*taken, column], width) > width:
            break
        taken.append(column)
    names = {column.name for column in taken}
    return Fitted(
        grid=dataclasses.replace(grid, columns=_unfold([one for one in grid.columns if one.name in names], width)),
        left_out=tuple(column.name for column in grid.columns if column.name not in names),
    )


def _unfold(columns: Sequence[GridColumn], width: int) -> tuple[GridColumn, ...]:
    """The columns with the texts of the first ones whole, as far as all then still fit."""
    found = list(columns)
    for place, column in enumerate(columns):
        whole = [*found[:place], dataclasses.replace(column, whole=True), *found[place + 1 :]]
        if _total_width(whole, width) <= width:
            found = whole
    return tuple(found)


def _total_width(columns: Sequence[GridColumn], width: int) -> int:
    return sum(measure_column(column, width) for column in columns) + _GAP * (len(columns) - 1)


def measure_column(column: GridColumn, width: int | None) -> int:
    """What a column takes: numbers are never folded, names beyond their share are, titles at their blanks."""
    widest = max((cell_len(mark_best(cell)) for cell in column.cells), default=0)
    may_fold = not (column.right or column.whole)
    if may_fold and width is not None and widest > (share := max(8, width // _NAME_SHARE)):
        widest = max(share, min(width // 2, _two_line_width(column))) if column.names else share
    return max(widest, *(cell_len(word) for word in plain(column.title).split() or [""]))


def _two_line_width(column: GridColumn) -> int:
    """The least width in which no cell takes more than two lines."""
    return max(_halve(mark_best(cell).split(" ")) for cell in column.cells)


def _halve(words: Sequence[str]) -> int:
    """Of the longer of two lines of these words, where they are broken best."""
    whole = sum(cell_len(word) + 1 for word in words) - 1
    ends = itertools.accumulate(cell_len(word) + 1 for word in words)
    return min(max(end - 1, whole - end) for end in ends)
