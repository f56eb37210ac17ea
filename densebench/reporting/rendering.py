"""A grid as a Rich table, as Markdown, LaTeX, CSV and JSON."""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from densebench import escape
from densebench.reporting.grid import Grid, GridColumn, mark_best, measure_column
from densebench.results.cells import make_harmless, quote_cell, write_plain

_JSON_SCHEMA = 1
_LINES = "    \n    \n {0}{0} \n" + "    \n" * 5
_ASCII_HEAD = Box(_LINES.format("-"), ascii=True)  # Rich's SIMPLE_HEAD has no form in ASCII


def make_rich_table(grid: Grid, width: int | None = None) -> RenderableType:
    """Without its title. It is drawn where it is printed, in letters and rules that the console's encoding has."""
    return _RichTable(grid, width)


@dataclasses.dataclass(frozen=True)
class _RichTable:
    """A table that learns its encoding when a console prints it."""

    grid: Grid
    width: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._draw(options)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._draw(options))

    def _draw(self, options: ConsoleOptions) -> Table:
        return _fill_table(_fit_grid(self.grid, options.encoding), self.width, ascii_only=options.ascii_only)


def _fit_grid(grid: Grid, encoding: str) -> Grid:
    """The grid in letters of an encoding."""
    if encoding.startswith("utf"):
        return grid
    return dataclasses.replace(grid, columns=tuple(_fit_column(column, encoding) for column in grid.columns))


def _fit_column(column: GridColumn, encoding: str) -> GridColumn:
    cells = (dataclasses.replace(cell, text=escape.fit_encoding(cell.text, encoding)) for cell in column.cells)
    return dataclasses.replace(column, title=escape.fit_encoding(column.title, encoding), cells=tuple(cells))


def _fill_table(grid: Grid, width: int | None, *, ascii_only: bool) -> Table:
    """Numbers to the right, nothing cropped; texts are taken literally, not as markup."""
    head = _ASCII_HEAD if ascii_only else SIMPLE_HEAD
    table = Table(box=head, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in grid.columns:
        takes_the_rest = column is grid.columns[-1] and not column.right
        table.add_column(
            Text(escape.plain(column.title)),
            justify="right" if column.right else "left",
            vertical="top",
            overflow="fold",
            min_width=measure_column(column, width),
            max_width=None if takes_the_rest else measure_column(column, width),
        )
    for index in range(grid.height):
        row = [column.cells[index] for column in grid.columns]
        style = "dim" if grid.dim and grid.dim[index] else None
        table.add_row(*(Text(mark_best(cell), style="bold green" if cell.best else "") for cell in row), style=style)
    return table


def markdown(grid: Grid) -> str:
    """A table of GitHub's flavour."""
    head = [escape.markdown(column.title) for column in grid.columns]
    rule = ["---:" if column.right else ":---" for column in grid.columns]
    body = [
        [f"**{escape.markdown(cell.text)}**" if cell.best else escape.markdown(cell.text) for cell in row]
        for row in zip(*(column.cells for column in grid.columns), strict=True)
    ]
    lines = [f"| {' | '.join(line)} |" for line in (head, rule, *body)]
    title = [f"**{escape.markdown(grid.title)}**", ""] if grid.title else []
    return "\n".join([*title, *lines]) + "\n"


def latex(grid: Grid) -> str:
    """A ``tabular`` for the package booktabs."""
    form = "".join("r" if column.right else "l" for column in grid.columns)
    head = [escape.latex(column.title) for column in grid.columns]
    body = [
        [rf"\textbf{{{escape.latex(cell.text)}}}" if cell.best else escape.latex(cell.text) for cell in row]
        for row in zip(*(column.cells for column in grid.columns), strict=True)
    ]
    title = [f"% {escape.latex(grid.title)}"] if grid.title else []
    lines = [rf"{' & '.join(row)} \\" for row in (head, *body)]
    begin, end = rf"\begin{{tabular}}{{{form}}}", r"\end{tabular}"
    return "\n".join([*title, begin, r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", end]) + "\n"


def csv(grid: Grid) -> str:
    """The values themselves, in base units, under the names of the columns."""
    rows = zip(*(column.cells for column in grid.columns), strict=True)
    lines = [[column.name for column in grid.columns], *([csv_cell(cell.value) for cell in row] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def csv_cell(value: object) -> str:
    """As in a results file: unknown is empty, floats to the last bit, texts harmless."""
    if value is None:
        return ""
    return quote_cell(make_harmless(value)) if isinstance(value, str) else write_plain(value)


def json_in_ascii(document: str) -> str:
    r"""The same JSON document with ``\u`` escapes for everything beyond ASCII, which only its texts hold."""
    return re.sub(r"[^\x00-\x7f]", lambda letter: json.dumps(letter[0])[1:-1], document)


def json_document(kind: str, content: Mapping[str, object]) -> str:
    """One JSON document; ``schema`` grows when the meaning of a key changes."""
    document = {"schema": _JSON_SCHEMA, "kind": kind, **_replace_nonfinite(content)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _replace_nonfinite(value: Any) -> Any:
    """JSON has no word for nan and infinity, so they are the texts ``nan``, ``inf`` and ``-inf``."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    if isinstance(value, Mapping):
        return {key: _replace_nonfinite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_nonfinite(inner) for inner in value]
    return value


def values(grid: Grid) -> list[dict[str, object]]:
    """The rows of a grid as machines read them: names of columns to values."""
    names = [column.name for column in grid.columns]
    rows = zip(*(column.cells for column in grid.columns), strict=True)
    return [dict(zip(names, (cell.value for cell in row), strict=True)) for row in rows]


def remark(text: str, form: str) -> str:
    """A sentence below the tables."""
    return f"\n{escape.markdown(text)}\n" if form == "markdown" else f"% {escape.latex(text)}\n"
