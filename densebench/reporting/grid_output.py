"""Any list of grids in any format: what ``summary``, ``env``, ``plan`` and ``eval`` print."""

from collections.abc import Sequence

from rich.console import Group, RenderableType

from densebench.reporting import rendering
from densebench.reporting.comparison_tables import draw_grid
from densebench.reporting.export import find_renderer, join_grids
from densebench.reporting.grid import Grid


def draw_grids(grids: Sequence[Grid], *, width: int | None = None) -> RenderableType:
    return Group(*(part for grid in grids for part in draw_grid(grid, width)))


def write_grids(grids: Sequence[Grid], form: str, kind: str) -> str:
    """In any format but ``table``; raises :class:`InputError` for an unknown one."""
    if form == "json":
        return rendering.json_document(kind, {grid.name: rendering.values(grid) for grid in grids})
    return join_grids(grids, find_renderer(form))
