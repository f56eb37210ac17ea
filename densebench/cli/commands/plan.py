"""``densebench plan``."""

from pathlib import Path
from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.parsing import check_plot, parse_train_options, refuse_standard_output
from densebench.cli.printing import open_stderr, print_result, print_written

_PLAN, _COSTS = "Planning", "Budget and prices"


def plan(
    context: typer.Context,
    variants: option.SpeedVariants = None,
    within: Annotated[
        str, typer.Option(metavar="2m", help="Time for measuring, in all.", rich_help_panel=_PLAN)
    ] = "2m",
    remeasure: Annotated[
        bool, typer.Option("--remeasure", help="Measure again what results hold already.", rich_help_panel=_PLAN)
    ] = False,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N", help="Trainings of each network.", show_default="1", rich_help_panel=_PLAN),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(help="Choose what reaches this test accuracy first, such as 0.94.", rich_help_panel=_PLAN),
    ] = None,
    cost: Annotated[
        str,
        typer.Option(
            help="Cost of the front: total_time, time_to_target, memory, energy or price.", rich_help_panel=_PLAN
        ),
    ] = "total_time",
    budget: Annotated[
        str | None,
        typer.Option(
            metavar='"total_time<=8h,memory<=8GiB"',
            help="What all trainings of a network may cost.",
            rich_help_panel=_COSTS,
        ),
    ] = None,
    price_per_hour: Annotated[
        str | None, typer.Option(metavar='"1.20 €"', help="Price of the machine.", rich_help_panel=_COSTS)
    ] = None,
    price_per_kwh: Annotated[
        str | None, typer.Option(metavar='"0.30 €"', help="Price of electricity.", rich_help_panel=_COSTS)
    ] = None,
    watts: Annotated[
        float | None,
        typer.Option(help="Power that the machine draws, instead of what a card measures.", rich_help_panel=_COSTS),
    ] = None,
    dataset: option.Dataset = None,
    image_size: option.ImageSize = None,
    classes: option.Classes = None,
    train_limit: option.TrainLimit = None,
    test_limit: option.TestLimit = None,
    validation: option.Validation = None,
    test_fraction: option.TestFraction = None,
    skip_bad_images: option.SkipBadImages = None,
    data_dir: option.DataDir = None,
    recipe: option.RecipeName = None,
    epochs: option.Epochs = None,
    batch_size: option.BatchSizes = None,
    backend: option.Backends = None,
    precision: option.Precisions = None,
    implementation: option.Implementation = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    devices: option.SeveralDevices = None,
    batch_norm: option.BatchNorm = None,
    plot: Annotated[Path | None, typer.Option(help="Draw a picture into this folder or file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page that needs no other file.")] = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    format: option.FormatWithLatex = "table",
) -> int:
    """Predict what each network will cost on this machine, in minutes and before any training, and choose one.

    VARIANT 'all' means every named network, 'blog' the seven of the blog series; without any, a short list that spans
    them.
    """
    from densebench import workflows
    from densebench.planning.options import parse_batch_sizes, parse_devices
    from densebench.planning.plan.options import parse_plan_options
    from densebench.reporting.live.view import open_view
    from densebench.reporting.plan.export import format_plan
    from densebench.reporting.plan.tables import make_plan_tables

    check_plot(plot)
    refuse_standard_output(html, "--html")
    options = parse_plan_options(
        parse_train_options(context),
        batch_sizes=() if batch_size is None else parse_batch_sizes(batch_size),
        precision=precision,
        backend=backend,
        devices=(1,) if devices is None else parse_devices(devices),
        seeds=seeds,
        within=within,
        remeasure=remeasure,
        budget=budget,
        cost=cost,
        price_per_hour=price_per_hour,
        price_per_kwh=price_per_kwh,
        watts=watts,
    )
    found = workflows.plan(options, open_view(open_stderr()))
    print_result(lambda width: make_plan_tables(found, width=width), lambda: format_plan(found, format), format)
    if html is not None:
        from densebench.reporting.plan.page import write_plan_page

        print_written([write_plan_page(found, html)])
    if plot is not None:
        from densebench.reporting.plan.picture import plot_plan

        print_written(plot_plan(found, plot))
    return 0
