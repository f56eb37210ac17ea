"""``densebench env``."""

from typing import Any

import typer

from densebench.cli import arguments as option
from densebench.cli.parsing import type_option
from densebench.cli.printing import print_grids
from densebench.reporting.grid import Grid, make_column


def env(context: typer.Context, data_dir: option.DataDir = None, format: option.Format = "table") -> int:
    """Show the machine and the software that decide a figure, and what is missing."""
    from densebench import workflows

    grids = workflows.describe_environment(data_dir)
    print_grids([*grids, *_make_defaults_grids(context.find_root())], format, "environment")
    return 0


def _make_defaults_grids(root: Any) -> list[Grid]:
    """One table of what a variable or a file sets, if anything is set; of the context of the whole command line."""
    found: dict[tuple[str, str], list[str]] = {}  # (option, source) to commands
    for command, defaults in (root.default_map or {}).items():
        options = {param.name: param for param in root.command.commands[command].params}
        for name, default in defaults.items():
            words = " ".join(type_option(options[name], default)) or f"no {options[name].opts[-1]}"
            found.setdefault((words, default.source), []).append(command)
    if not found:
        return []
    columns = (
        make_column("option", "Option", [words for words, _ in found]),
        make_column("commands", "Commands", [", ".join(names) for names in found.values()], keep=1),
        make_column("source", "From", [source for _, source in found], keep=2),
    )
    return [Grid(name="defaults", title="Defaults of options", columns=columns)]
