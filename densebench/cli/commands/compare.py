"""``densebench compare``."""

from pathlib import Path
from typing import Annotated

import typer

from densebench.cli import arguments as option
from densebench.cli.completion import complete_baselines, complete_columns, complete_metrics
from densebench.cli.parsing import check_plot, refuse_standard_output
from densebench.cli.printing import print_message, print_next, print_result, print_table, print_written
from densebench.errors import count_noun

_REGRESSION = 3  # exit code of a gate that failed
_REFUSED = 1  # exit code of files that cannot be records


def compare(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="CSV_OR_FOLDER", help="Results; a folder means its CSVs.")],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="variant,backend",
            autocompletion=complete_columns,
            help="Group by these columns; else by all but the seed.",
        ),
    ] = None,
    group: Annotated[bool, typer.Option("--group/--no-group", help="One row for seeds, or one for every run.")] = True,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE|COLUMN=VALUE", autocompletion=complete_baselines, help="Compare every row with this one."
        ),
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option(
            metavar="1%,0.1pp", show_default="1%,0.1pp", help="Differences too small to matter count as the same."
        ),
    ] = None,
    cost: Annotated[
        str, typer.Option(autocompletion=complete_metrics, help="Cost of the Pareto front.")
    ] = "epoch_seconds",
    budget: Annotated[
        str | None, typer.Option(metavar='"gpu_peak_bytes<=8GiB"', help="Keep only what fits, and name its best.")
    ] = None,
    fail_on: Annotated[
        str | None, typer.Option(metavar='"epoch_seconds>+5%"', help="Exit with 3 where this certainly happened.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="The gate also fails where it is inconclusive.")] = False,
    gate_level: Annotated[
        str,
        typer.Option(
            metavar="family|each", help="5 % false alarms over all rows and conditions together, or for each."
        ),
    ] = "family",
    looks: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="How often in all you compare while adding seeds; together 5 % false verdicts."
        ),
    ] = 1,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", autocompletion=complete_columns, help="Best first; -COLUMN for the reverse order."
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            autocompletion=complete_columns,
            help="Show these: metrics, short names as accuracy, settings, METRIC_interval, METRIC_ratio, prediction.",
        ),
    ] = None,
    published: Annotated[bool, typer.Option("--published", help="Add what others published of these.")] = False,
    environment: Annotated[bool, typer.Option("--env", help="Show where the environments differ.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare nothing, but say whether the files can be shared as records.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw pictures into this folder or file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page that needs no other file.")] = None,
    format: option.FormatWithLatex = "table",
) -> int:
    """Compare runs: what each costs and reaches, with intervals over seeds, verdicts and a gate."""
    from densebench import workflows
    from densebench.comparison.options import parse_compare_options, parse_names
    from densebench.reporting.comparison_tables import make_comparison_tables, make_environment_table
    from densebench.reporting.export import format_comparison

    if check:
        return _check(paths)
    options = parse_compare_options(
        by=parse_names(by),
        group=group,
        baseline=baseline,
        margin=margin,
        cost=cost,
        budget=budget,
        fail_on=fail_on,
        strict=strict,
        gate_level=gate_level,
        looks=looks,
        sort=sort,
    )
    shown = parse_names(columns)
    check_plot(plot)
    refuse_standard_output(html, "--html")
    comparison = workflows.compare(paths, options, published=published)
    print_result(
        lambda width: make_comparison_tables(comparison, width=width, columns=shown),
        lambda: format_comparison(comparison, format, shown),
        format,
    )
    if format == "table":
        print_next(comparison, context.obj, columns=shown, has_page=html is not None)
    if environment:
        print_table(lambda width: make_environment_table(comparison.environments, width))
    if plot is not None:
        print_written(workflows.plot_comparison(comparison, plot))
    if html is not None:
        print_written([workflows.write_page(comparison, html)])
    return _REGRESSION if comparison.gate is not None and comparison.gate.failed else 0


def _check(paths: list[Path]) -> int:
    from densebench import workflows

    checked = workflows.check_records(paths)
    for sentence in checked.findings:
        print_message(sentence)
    count, good = len(checked.files), len(checked.files) - len(checked.refused)
    print_message(f"{good} of {count_noun(count, 'file')} can be shared as records.")
    return _REFUSED if checked.refused else 0
