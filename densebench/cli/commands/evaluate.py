"""``densebench eval``."""

from pathlib import Path
from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.completion import complete_runs
from densebench.cli.parsing import check_plot, parse_train_options
from densebench.cli.printing import open_stderr, print_result, print_written
from densebench.reporting.grid_output import draw_grids


def evaluate(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_MODEL",
            autocompletion=complete_runs,
            help="A run: its name, folder or results file; or a .keras file.",
        ),
    ],
    dataset: option.Dataset = None,
    image_size: option.ImageSize = None,
    train_limit: option.TrainLimit = None,
    test_limit: option.TestLimit = None,
    test_fraction: option.TestFraction = None,
    skip_bad_images: option.SkipBadImages = None,
    validation: Annotated[
        int | None, typer.Option(help="Evaluate on the training images held out by train --validation.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="How a file's images are prepared: standardise (by the training images), zero-one, minus-one-one, raw "
            "(0 to 255) or MEAN/DEVIATION.",
        ),
    ] = None,
    test_time_flip: Annotated[
        bool, typer.Option("--test-time-flip", help="Average the answers to each image and to its mirror image.")
    ] = False,
    data_dir: option.DataDir = None,
    offline: option.Offline = None,
    batch_size: option.BatchSize = None,
    backend: option.Backend = None,
    precision: option.Precision = None,
    implementation: option.Implementation = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    run: option.RunName = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the confusion matrix into this file or folder.")] = None,
    format: option.Format = "table",
) -> int:
    """Evaluate a trained network: loss, top-1, top-5, every class, throughput and latency."""
    from densebench import workflows
    from densebench.reporting.live.view import open_view
    from densebench.reporting.run_tables import format_evaluation, make_evaluation_grids

    check_plot(plot)
    options = parse_train_options(context)
    evaluated = workflows.evaluate(
        source, options, open_view(open_stderr()), preprocess=preprocess, test_time_flip=test_time_flip
    )
    evaluation, confusion = evaluated.finished.run, evaluated.confusion
    if confusion is None:
        return evaluated.finished.outcome.exit_code
    print_result(
        lambda width: draw_grids(make_evaluation_grids(evaluation, confusion.classes, confusion.counts), width=width),
        lambda: format_evaluation(evaluation, confusion.classes, confusion.counts, format),
        format,
    )
    if plot is not None:
        print_written(workflows.plot_confusion(confusion, evaluation, plot))
    return 0
