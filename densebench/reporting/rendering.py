"""A grid as a Rich table, as Markdown, LaTeX, CSV and JSON."""

import json
import math
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from densebench import escape
from densebench.reporting.grid import Grid, column_width, mark_best
from densebench.results.cells import harmless, quote

_JSON_SCHEMA = 1


def rich_table(grid: Grid, width: int | None = None) -> Table:
    """Without its title. Numbers to the right, nothing cropped; texts are taken literally, not as markup."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in grid.columns:
        takes_the_rest = column is grid.columns[-1] and not column.right
        table.add_column(
            Text(escape.plain(column.title)),
            justify="right" if column.right else "left",
            vertical="top",
            overflow="fold",
            min_width=column_width(column, width),
            max_width=None if takes_the_rest else column_width(column, width),
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
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value)
    return quote(harmless(str(value)))


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
