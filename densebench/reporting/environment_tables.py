"""What ``env`` prints: the machine and the software, and what is missing."""

import dataclasses
from collections.abc import Sequence

from densebench.records import COLUMNS, Environment
from densebench.reporting.formats import figure_text
from densebench.reporting.grid import Cell, Grid, GridColumn

MISSING = "unknown"


def environment_grid(environment: Environment, missing: Sequence[str]) -> list[Grid]:
    """The environment, a column a line; then a sentence for everything that is not at hand."""
    names = [entry.name for entry in dataclasses.fields(environment)]
    titles = [COLUMNS[name].about.title for name in names]
    values = [getattr(environment, name) for name in names]
    shown = [
        MISSING if value is None else figure_text(COLUMNS[name].about.show, value)
        for name, value in zip(names, values, strict=True)
    ]
    table = Grid(
        name="environment",
        title="Environment",
        columns=(
            column("column", "Column", names, names),
            column("title", "What", titles, titles),
            column("value", "Value", shown, values, keep=2),
        ),
    )
    if not missing:
        return [table]
    return [table, Grid(name="missing", columns=(column("missing", "Missing", list(missing), list(missing)),))]


def column(
    name: str, title: str, shown: Sequence[str], values: Sequence[str | int | float | None], *, keep: int = 1
) -> GridColumn:
    cells = tuple(Cell(text=text, value=value) for text, value in zip(shown, values, strict=True))
    return GridColumn(name=name, title=title, cells=cells, right=False, keep=keep)
