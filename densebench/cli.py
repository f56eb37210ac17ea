"""The command line: options to configuration, call a workflow, print. The only place that prints and exits."""

import dataclasses
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.console import Console, RenderableType
from rich.markup import escape

from densebench import __version__
from densebench import cli_options as option
from densebench.errors import DensebenchError, InputError
from densebench.planning.options import TrainOptions, parse_seeds
from densebench.reporting.grid import Grid
from densebench.reporting.grid_output import grids_tables, grids_text
from densebench.reporting.quantities import in_unit_of, quantity

if TYPE_CHECKING:
    from densebench.workflows import Made

app = typer.Typer(
    name="densebench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
REGRESSION = 3  # exit code of a gate that failed
PIPED_WIDTH = 10_000  # no reader of a pipe has a width
ClickError = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])  # of whichever click typer carries


def main() -> None:
    """Run the command line: every error ends in one sentence and its exit code."""
    sys.exit(run([argument for argument in sys.argv[1:] if argument != "--debug"], debug="--debug" in sys.argv))


def run(arguments: list[str], *, debug: bool = False) -> int:
    """The exit code of a command line; a traceback is printed only for ``debug``."""
    try:
        return int(
            app(arguments, prog_name="densebench", standalone_mode=False, obj=shlex.join(["densebench", *arguments]))
            or 0
        )
    except DensebenchError as error:
        return _fail(str(error), error.exit_code, debug)
    except ClickError as error:
        return _fail(error.format_message(), 2, debug)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("Interrupted.", 130, debug)
    except BrokenPipeError:  # the reader of our output, such as head, has enough
        sys.stderr.close()
        return 0


def _fail(sentence: str, exit_code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    errors().print(f"[bold red]error:[/] {escape(sentence)}", highlight=False, soft_wrap=True)
    return exit_code


def output() -> Console:
    """Standard output: results."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)


def errors() -> Console:
    """Standard error: progress and messages."""
    return Console(stderr=True)


def _version(asked: bool) -> None:
    if asked:
        print(f"densebench {__version__}")
        raise typer.Exit


@app.callback()
def densebench(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
) -> None:
    """Which of these networks should I train on my machine, and what will it cost me?"""


@app.command(no_args_is_help=True)
def train(
    context: typer.Context,
    variants: option.Variants = None,
    dataset: option.Dataset = None,
    image_size: option.ImageSize = None,
    classes: option.Classes = None,
    train_limit: option.TrainLimit = None,
    test_limit: option.TestLimit = None,
    validation: option.Validation = None,
    test_fraction: option.TestFraction = None,
    data_dir: option.DataDir = None,
    offline: option.Offline = None,
    recipe: option.RecipeName = None,
    epochs: option.Epochs = None,
    batch_size: option.BatchSize = None,
    learning_rate: option.LearningRate = None,
    weight_decay: option.WeightDecay = None,
    label_smoothing: option.LabelSmoothing = None,
    cutout: option.Cutout = None,
    seed: option.Seed = None,
    seeds: option.Seeds = None,
    target: option.Target = None,
    stop_at_target: option.StopAtTarget = None,
    backend: option.Backend = None,
    precision: option.Precision = None,
    implementation: option.Implementation = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    run: option.RunName = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    checkpoint_every: option.CheckpointEvery = None,
    resume: option.Resume = None,
    skip_completed: option.SkipCompleted = False,
    time_limit: option.TimeLimit = None,
    dry_run: option.DryRun = False,
    format: option.Format = "table",
) -> int:
    """Train networks, one after another, and record what each cost and reached."""
    from densebench import workflows
    from densebench.planning.training import plan, plan_resumed
    from densebench.reporting.live import open_view
    from densebench.reporting.run_tables import runs_tables, runs_text

    options = _options(context)
    planned = [plan_resumed(resume, options)] if resume else plan(options, skip_completed=skip_completed)
    if dry_run:
        _print_grids([workflows.describe_plan(planned)], format, "plan")
        return 0
    made = workflows.train(planned, open_view(errors()), time_limit=_seconds(time_limit, "--time-limit"))
    runs = [one.run for one in made]
    _print(lambda width: runs_tables(runs, width=width), lambda: runs_text(runs, format), format)
    for one in made:
        if one.outcome.status == "interrupted":
            _say(f"Go on with: {workflows.resume_command(one)}")
    return _exit_code(made)


@app.command("eval")
def evaluate(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="RUN_OR_MODEL", help="A run's name, or a .keras file.")],
    dataset: option.Dataset = None,
    image_size: option.ImageSize = None,
    train_limit: option.TrainLimit = None,
    test_limit: option.TestLimit = None,
    test_fraction: option.TestFraction = None,
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
    plot: Annotated[str | None, typer.Option(help="Draw the confusion matrix into this file or folder.")] = None,
    format: option.Format = "table",
) -> int:
    """Evaluate a trained network: loss, top-1, top-5, every class, throughput and latency."""
    from densebench import workflows
    from densebench.planning.evaluation import plan_evaluation
    from densebench.reporting.live import open_view
    from densebench.reporting.run_tables import evaluation_grids, evaluation_text

    made = workflows.evaluate(plan_evaluation(source, _options(context)), open_view(errors()))
    confusion = made.confusion
    if confusion is None:
        return made.made.outcome.exit_code
    _print(
        lambda width: grids_tables(evaluation_grids(made.made.run, confusion.classes, confusion.counts), width=width),
        lambda: evaluation_text(made.made.run, confusion.classes, confusion.counts, format),
        format,
    )
    if plot is not None:
        _told(workflows.plot_confusion(confusion, made.made.run, Path(plot)))
    return made.made.outcome.exit_code


@app.command()
def summary(
    variants: option.Variants = None,
    layers: Annotated[bool, typer.Option("--layers", help="Every layer with its shape and cost.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Build the Keras models and confirm the counts.")] = False,
    classes: option.Classes = None,
    image_size: option.ImageSize = None,
    format: option.Format = "table",
) -> int:
    """What every network counts: parameters, multiply-adds, size. Needs no framework."""
    from densebench import workflows

    counted = workflows.summarise(variants or [], classes=classes or 10, image_size=image_size or 32)
    _print_grids(workflows.summary_grids(counted, layers=layers), format, "summary")
    if not check:
        return 0
    wrong = workflows.check(counted, classes=classes or 10, image_size=image_size or 32)
    for sentence in wrong:
        _say(sentence)
    _say(f"Keras confirms {len(counted) - len(wrong)} of {len(counted)} networks to the last parameter.")
    return 1 if wrong else 0


@app.command(no_args_is_help=True)
def compare(
    paths: Annotated[list[Path], typer.Argument(metavar="CSV_OR_FOLDER...", help="Results; a folder means its CSVs.")],
    by: Annotated[
        str | None, typer.Option(metavar="variant,backend", help="Group by these columns; else by all but the seed.")
    ] = None,
    group: Annotated[bool, typer.Option("--group/--no-group", help="One row for seeds, or one for every run.")] = True,
    baseline: Annotated[
        str | None, typer.Option(metavar="NAME|FILE|COLUMN=VALUE", help="Compare every row with this one.")
    ] = None,
    margin: Annotated[
        str | None, typer.Option(metavar="1%,0.1pp", help="Differences too small to matter count as the same.")
    ] = None,
    cost: Annotated[str, typer.Option(help="Cost of the Pareto front.")] = "epoch_seconds",
    budget: Annotated[
        str | None, typer.Option(metavar='"gpu_peak_bytes<=8GiB"', help="Keep only what fits, and name its best.")
    ] = None,
    fail_on: Annotated[
        str | None, typer.Option(metavar='"epoch_seconds>+5%"', help="Exit with 3 where this certainly happened.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="The gate also fails where it is inconclusive.")] = False,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Best first; -COLUMN turns it round.")] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B,C", help="Show these columns.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Add what others published of these.")] = False,
    environment: Annotated[bool, typer.Option("--env", help="Show where the environments differ.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw pictures into this folder or file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that stands alone.")] = None,
    format: option.FormatWithLatex = "table",
) -> int:
    """Compare runs: what each costs and reaches, with intervals over seeds, verdicts and a gate."""
    from densebench import workflows
    from densebench.reporting.export import comparison_text
    from densebench.reporting.rows import CompareOptions
    from densebench.reporting.tables import comparison_tables, environment_table

    options = CompareOptions(
        by=_words(by),
        group=group,
        baseline=baseline,
        margin=margin,
        cost=cost,
        budget=budget,
        fail_on=fail_on,
        strict=strict,
        sort=sort,
    )
    comparison = workflows.compare(paths, options, published=published)
    _print(
        lambda width: comparison_tables(comparison, width=width, columns=_words(columns)),
        lambda: comparison_text(comparison, format, _words(columns)),
        format,
    )
    if environment:
        _print_table(lambda width: environment_table(comparison.environments, width))
    _told(workflows.picture(comparison, plot=plot, html=html))
    return REGRESSION if comparison.gate is not None and comparison.gate.failed else 0


@app.command(no_args_is_help=True)
def speed(
    context: typer.Context,
    variants: option.Variants = None,
    batch_size: Annotated[str, typer.Option(metavar="32,64,128", help="One measurement for each of these.")] = "64",
    inference: Annotated[bool, typer.Option("--inference", help="Forward passes instead of training steps.")] = False,
    precision_target: Annotated[str, typer.Option(help="Half width of the median's 95 % interval.")] = "2%",
    time_limit: Annotated[str, typer.Option(help="Longest measurement, after warm-up.")] = "60s",
    classes: option.Classes = None,
    image_size: option.ImageSize = None,
    recipe: option.RecipeName = None,
    backend: option.Backend = None,
    precision: option.Precision = None,
    implementation: option.Implementation = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    format: option.Format = "table",
) -> int:
    """Speed and memory of real steps on random images, until the median is known well enough.

    VARIANT 'all' means every named network, 'seed' the seven of the blog series.
    """
    from densebench import workflows
    from densebench.planning.speed import parse_batch_sizes, plan_speed
    from densebench.reporting.live import open_view
    from densebench.reporting.run_tables import runs_tables, runs_text

    planned = plan_speed(_options(context), parse_batch_sizes(batch_size), inference=inference)
    made = workflows.speed(
        planned,
        open_view(errors()),
        inference=inference,
        precision_target=_fraction(precision_target, "--precision-target"),
        time_limit=_seconds(time_limit, "--time-limit") or 60.0,
    )
    runs = [one.run for one in made]
    _print(lambda width: runs_tables(runs, width=width), lambda: runs_text(runs, format), format)
    return _exit_code(made)


@app.command()
def env(data_dir: option.DataDir = None, format: option.Format = "table") -> int:
    """The machine and the software that decide a figure, and what is missing."""
    from densebench import workflows

    _print_grids(workflows.environment(data_dir), format, "environment")
    return 0


def _options(context: typer.Context) -> TrainOptions:
    """The options of this command that say what a run is, as given."""
    given = context.params
    names = {field.name for field in dataclasses.fields(TrainOptions)} & given.keys()
    plain = {name: given[name] for name in names - {"variants", "seeds", "batch_size"}}
    size = given.get("batch_size")
    return TrainOptions(
        **plain,
        variants=tuple(given.get("variants") or ()),
        seeds=_seeds(given.get("seed"), given.get("seeds")),
        batch_size=size if isinstance(size, int) else None,  # that of `speed` is a list
        command=context.obj,
    )


def _seeds(seed: int | None, seeds: str | None) -> tuple[int, ...] | None:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed {seed} and --seeds {seeds} say two things: give one of them.")
    if seeds is not None:
        return parse_seeds(seeds)
    return None if seed is None else (seed,)


def _exit_code(made: Sequence["Made"]) -> int:
    """A signal's code goes before a failure's, and that before success."""
    return max((one.outcome.exit_code for one in made), default=0)


def _print(table: Callable[[int | None], RenderableType], text: Callable[[], str], form: str) -> None:
    """Print a result: as a table fitted to the terminal, whole where there is none, or in another format."""
    if form == "table":
        _print_table(table)
    else:
        print(text(), end="")


def _print_table(table: Callable[[int | None], RenderableType]) -> None:
    console = output()
    console.print(table(console.width if console.is_terminal else None), soft_wrap=not console.is_terminal)


def _print_grids(grids: Sequence[Grid], form: str, kind: str) -> None:
    _print(lambda width: grids_tables(grids, width=width), lambda: grids_text(grids, form, kind), form)


def _words(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(","))


def _say(sentence: str) -> None:
    errors().print(escape(sentence), highlight=False, soft_wrap=True)


def _told(paths: Sequence[Path]) -> None:
    for path in paths:
        _say(f"Wrote {path}.")


def _seconds(text: str | None, where: str) -> float | None:
    return None if text is None else in_unit_of("seconds", quantity(text, where), where)


def _fraction(text: str, where: str) -> float:
    return in_unit_of("percent", quantity(text, where), where)
