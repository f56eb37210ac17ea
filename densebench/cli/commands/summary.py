"""``densebench summary``."""

from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.printing import print_grids, print_message


def summary(
    variants: option.Variants = None,
    layers: Annotated[bool, typer.Option("--layers", help="Every layer with its shape and cost.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Build the Keras models and confirm the counts.")] = False,
    classes: option.Classes = None,
    image_size: option.ImageSize = None,
    format: option.Format = "table",
) -> int:
    """Count the parameters, multiply-adds and bytes of networks. Needs no framework."""
    from densebench import workflows

    size = 32 if image_size is None else image_size
    classes = 10 if classes is None else classes
    counted = workflows.summarise(variants or [], classes=classes, image_size=size)
    print_grids(workflows.make_summary_tables(counted, layers=layers), format, "summary")
    for sentence in [] if variants else workflows.describe_packages():
        print_message(f"Note: {sentence}")
    if not check:
        return 0
    wrong = workflows.check(counted, classes=classes, image_size=size)
    for sentence in wrong:
        print_message(sentence)
    print_message(f"Keras confirms {len(counted) - len(wrong)} of {len(counted)} networks to the last parameter.")
    return 1 if wrong else 0
