"""``densebench init``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from densebench.cli.printing import print_message, print_written


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="The file to write; one that exists is kept.")],
) -> int:
    """Write a small network of your own to begin with, with comments, as a file that train, plan and speed take."""
    from densebench import workflows

    name = workflows.init(file)
    print_written([file])
    typed = shlex.quote(f"./{name}" if name.startswith("-") else name)  # else it would be read as an option
    print_message(f"Next: densebench train {typed} --dataset digits --epochs 5")
    return 0
