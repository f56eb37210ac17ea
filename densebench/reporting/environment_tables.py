"""What ``env`` prints: the machine and the software, and what is missing."""

import dataclasses
from collections.abc import Sequence

from densebench.comparison.formats import figure_text
from densebench.records import COLUMNS, Environment
from densebench.reporting.grid import Cell, Grid, GridColumn

MISSING = "unknown"
# Only a run knows these, for only a run loads a framework and chooses a device.
OF_A_RUN = ("device", "device_kind", "cuda", "cudnn", "backend_version", "malloc")


def environment_grid(
    environment: Environment, backends: Sequence[tuple[str, str | None]], missing: Sequence[str]
) -> list[Grid]:
    """The environment, a column a line; the backends and their versions; a sentence for what is not at hand."""
    names = [entry.name for entry in dataclasses.fields(environment) if entry.name not in OF_A_RUN]
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
    found = [name for name, _ in backends]
    versions = [version for _, version in backends]
    installed = Grid(
        name="backends",
        columns=(
            column("backend", "Backend", found, found),
            column("version", "Version", [version or "not installed" for version in versions], versions),
        ),
    )
    if not missing:
        return [table, installed]
    return [
        table,
        installed,
        Grid(name="missing", columns=(column("missing", "Missing", list(missing), list(missing)),)),
    ]


def column(
    name: str, title: str, shown: Sequence[str], values: Sequence[str | int | float | None], *, keep: int = 1
) -> GridColumn:
    cells = tuple(Cell(text=text, value=value) for text, value in zip(shown, values, strict=True))
    return GridColumn(name=name, title=title, cells=cells, right=False, keep=keep)
