"""Any list of grids in any format: the last step of the commands that print tables of their own."""

from collections.abc import Sequence

from rich.console import Group, RenderableType

from densebench.reporting import rendering
from densebench.reporting.comparison_tables import grid_parts
from densebench.reporting.export import joined, renderer
from densebench.reporting.grid import Grid


def grids_tables(grids: Sequence[Grid], *, width: int | None = None) -> RenderableType:
    return Group(*(part for grid in grids for part in grid_parts(grid, width)))


def grids_text(grids: Sequence[Grid], form: str, kind: str) -> str:
    """In any format but ``table``; raises :class:`InputError` for an unknown one."""
    if form == "json":
        return rendering.json_document(kind, {grid.name: rendering.values(grid) for grid in grids})
    return joined(grids, renderer(form))
