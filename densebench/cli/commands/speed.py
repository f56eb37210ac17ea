"""``densebench speed``."""

from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.parsing import parse_fraction, parse_seconds, parse_train_options
from densebench.cli.printing import open_stderr, print_finished


def speed(
    context: typer.Context,
    variants: option.SpeedVariants = None,
    batch_size: Annotated[str, typer.Option(metavar="32,64,128", help="One measurement for each of these.")] = "64",
    inference: Annotated[bool, typer.Option("--inference", help="Forward passes instead of training steps.")] = False,
    precision_target: Annotated[str, typer.Option(help="Half width of the median's 95 % interval.")] = "2%",
    time_limit: Annotated[
        str, typer.Option(help="Longest measurement, compiling and warm-up included; one step is always timed.")
    ] = "60s",
    energy: Annotated[
        bool, typer.Option("--energy", help="Time 10 s instead of 3 s on a GPU, for a certain energy.")
    ] = False,
    classes: option.Classes = None,
    image_size: option.ImageSize = None,
    recipe: option.RecipeName = None,
    backend: option.Backends = None,
    precision: option.Precisions = None,
    implementation: option.Implementations = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    devices: option.SeveralDevices = None,
    hosts: option.Hosts = None,
    batch_norm: option.BatchNorm = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    format: option.Format = "table",
) -> int:
    """Measure speed and memory of real steps on random images, until the median is certain enough.

    VARIANT 'all' means every named network, 'blog' the seven of the blog series.
    """
    from densebench import workflows
    from densebench.planning.options import parse_batch_sizes
    from densebench.reporting.live.view import open_view

    finished = workflows.speed(
        parse_train_options(context),
        parse_batch_sizes(batch_size),
        open_view(open_stderr()),
        inference=inference,
        precision_target=parse_fraction(precision_target, "--precision-target"),
        time_limit=parse_seconds(time_limit, "--time-limit"),
        energy=energy,
    )
    return print_finished(finished, format)
