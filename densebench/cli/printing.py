"""Results on standard output, progress and messages on standard error."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.markup import escape

from densebench.reporting.grid import Grid
from densebench.reporting.grid_output import grids_tables, grids_text

PIPED_WIDTH = 10_000  # no reader of a pipe has a width


def output() -> Console:
    """Standard output: results."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)


def errors() -> Console:
    """Standard error: progress and messages."""
    return Console(stderr=True)


def print_result(table: Callable[[int | None], RenderableType], text: Callable[[], str], form: str) -> None:
    """Print a result: as a table fitted to the terminal, whole where there is none, or in another format."""
    if form == "table":
        print_table(table)
    else:
        print(text(), end="")


def print_table(table: Callable[[int | None], RenderableType]) -> None:
    """Print what ``table`` makes for the width of the terminal; for a pipe its width is None."""
    console = output()
    console.print(table(console.width if console.is_terminal else None), soft_wrap=not console.is_terminal)


def print_grids(grids: Sequence[Grid], form: str, kind: str) -> None:
    """Print grids in any format; ``kind`` is what a JSON document of them calls itself."""
    print_result(lambda width: grids_tables(grids, width=width), lambda: grids_text(grids, form, kind), form)


def say(sentence: str) -> None:
    """A sentence for the user."""
    errors().print(escape(sentence), highlight=False, soft_wrap=True)


def tell_written(paths: Sequence[Path]) -> None:
    """Say which files were written."""
    for path in paths:
        say(f"Wrote {path}.")
