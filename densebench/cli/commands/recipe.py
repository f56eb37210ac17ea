"""``densebench recipe``."""

from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli import completion
from densebench.cli.printing import print_grids, print_message


def recipe(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE]",
            autocompletion=completion.complete_recipes,
            help="A recipe of densebench or a file; without one, all are compared.",
        ),
    ] = None,
    format: option.Format = "table",
) -> int:
    """Print a recipe as a file to start from: 'densebench recipe blog > mine.toml', then 'train --recipe mine.toml'."""
    from densebench import workflows

    if name is None:
        print_grids([workflows.make_recipes_table()], format, "recipes")
        for sentence in workflows.describe_recipes_of_packages():
            print_message(sentence)
    else:
        print(workflows.describe_recipe(name), end="")
    return 0
