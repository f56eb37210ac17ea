"""A grid as a Rich table, as Markdown, as LaTeX, as CSV."""

from rich import box
from rich.table import Table
from rich.text import Text

from densebench.reporting import escape
from densebench.reporting.cells import harmless, quote
from densebench.reporting.grid import Grid, column_width, marked


def rich_table(grid: Grid, width: int | None = None) -> Table:
    """Numbers to the right, nothing cropped; texts are taken literally, not as markup."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    if grid.title:
        table.title = Text(grid.title, style="bold")
    for column in grid.columns:
        table.add_column(
            Text(escape.plain(column.title)),
            justify="right" if column.right else "left",
            vertical="top",
            overflow="fold",
            min_width=column_width(column, width),
            max_width=column_width(column, width),
        )
    for index in range(grid.height):
        row = [column.cells[index] for column in grid.columns]
        style = "dim" if grid.dim and grid.dim[index] else None
        table.add_row(*(Text(marked(cell), style="bold green" if cell.best else "") for cell in row), style=style)
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
    """Cells as they are shown, under the names of the columns."""
    rows = [
        [column.name for column in grid.columns],
        *([cell.text for cell in row] for row in zip(*(column.cells for column in grid.columns), strict=True)),
    ]
    return "".join(",".join(quote(harmless(text)) for text in row) + "\n" for row in rows)
