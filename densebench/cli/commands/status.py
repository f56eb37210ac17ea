"""``densebench status``."""

from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.printing import print_grids, print_message


def status(
    folders: Annotated[
        list[str] | None, typer.Argument(metavar="[FOLDER]...", help="Folders of runs.", show_default="runs")
    ] = None,
    format: option.Format = "table",
) -> int:
    """Show what has come of the runs that a launcher was given, and which other runs are not complete."""
    from densebench import workflows
    from densebench.reporting.sweep_grid import describe_states

    found = workflows.find_states(folders or [])
    if not found:
        print_message("No run is queued, running or unfinished here: name another folder of runs.")
        return 0
    print_grids([workflows.make_status_table(found, whole=format != "table")], format, "status")
    print_message(describe_states(found))
    return 0
