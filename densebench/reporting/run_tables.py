"""What one command did: a training's cost and result, an evaluation, several runs, in every format."""

import dataclasses
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from densebench.comparison.compare import compare
from densebench.comparison.formats import summary_text
from densebench.comparison.metrics import order_metrics
from densebench.comparison.options import CompareOptions
from densebench.comparison.run_figures import Figures, compute_figures
from densebench.comparison.summaries import summarise
from densebench.records import COLUMNS, Run
from densebench.reporting import rendering
from densebench.reporting.comparison_tables import comparison_tables, grid_parts
from densebench.reporting.export import comparison_text, find_renderer, join_grids
from densebench.reporting.grid import Grid, make_column
from densebench.results import csv_file
from densebench.units import UNKNOWN


def runs_tables(runs: Sequence[Run], *, width: int | None = None) -> RenderableType:
    """What one run cost and reached, or several side by side."""
    if len(runs) == 1:
        return Group(*grid_parts(_run_grid(runs[0]), width))
    return comparison_tables(compare(runs, CompareOptions()), width=width)


def _run_grid(run: Run) -> Grid:
    """One run, a figure a line; the best epoch is marked for what it is."""
    lines = list(_run_lines(run))
    return Grid(
        name="run",
        title=run.run,
        columns=(
            make_column("figure", "Figure", [name for name, _ in lines]),
            make_column("value", "Value", [value for _, value in lines], keep=1),
        ),
    )


def _run_lines(run: Run) -> Iterator[tuple[str, str]]:
    yield "Variant", run.variant
    yield "Dataset", run.dataset or UNKNOWN
    yield "Status", f"{run.status}: {run.reason}" if run.reason else run.status
    if run.phase == "train":
        yield "Epochs", f"{len(run.records)} of {run.epochs if run.epochs is not None else UNKNOWN}"
    yield from _figure_lines(run)
    for warning in (run.warnings or "").split("; "):
        if warning:
            yield "Warning", warning


def _figure_lines(run: Run) -> Iterator[tuple[str, str]]:
    figures = compute_figures([run])
    for metric in order_metrics(lambda display: display.listed):
        summary = summarise(metric, figures[metric.name])
        if summary.n:
            yield metric.title, summary_text(metric, summary) + _remark(run, figures, metric.name)


def _remark(run: Run, figures: Figures, name: str) -> str:
    """What must be said beside a figure."""
    if name == "epoch_seconds" and len(run.records) > 1:
        return " (median)"
    if name == "best_test_accuracy":
        (best,) = figures[name]
        epoch = next(record.epoch for record in run.records if record.test_accuracy == best)
        return f" (epoch {epoch}, chosen by looking at the test images)"
    if name == "test_accuracy" and run.dataset == "synthetic":
        return " (random labels: this means nothing)"
    return " (last epoch)" if name in ("test_accuracy", "train_accuracy") and run.phase == "train" else ""


def runs_text(runs: Sequence[Run], form: str) -> str:
    """Runs in any format but ``table``: CSV as in the results files, JSON with every column."""
    if form == "csv":
        return csv_file.format_runs(runs)
    if form == "json":
        return rendering.json_document("runs", {"runs": [_run_content(run) for run in runs]})
    if len(runs) == 1:
        return find_renderer(form)(_run_grid(runs[0]))
    return comparison_text(compare(runs, CompareOptions()), form)


def _run_content(run: Run) -> dict[str, object]:
    """A run under the names of its columns; its epochs as a list, its figures as they are compared."""
    described = {name: getattr(run, name) for name, column in COLUMNS.items() if column.level == "run"}
    figures = compute_figures([run])
    return {
        **described,
        "figures": {name: value for name, (value,) in figures.items() if value is not None},
        "environment": dataclasses.asdict(run.environment),
        "epochs_done": [dataclasses.asdict(record) for record in run.records],
    }


def evaluation_grids(run: Run, class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[Grid]:
    """Loss, accuracies and speed; accuracy by class; how often each class was taken for which.

    ``confusion`` is (true class, answered class), in images.
    """
    return [_run_grid(run), class_grid(class_names, confusion), _confusion_grid(class_names, confusion)]


def evaluation_text(run: Run, class_names: Sequence[str], confusion: Sequence[Sequence[int]], form: str) -> str:
    """An evaluation in any format but ``table``; its CSV is the one row of its results file."""
    if form == "csv":
        return csv_file.format_runs([run])
    if form == "json":
        classes = rendering.values(class_grid(class_names, confusion))
        content = {"run": _run_content(run), "by_class": classes, "confusion": [list(row) for row in confusion]}
        return rendering.json_document("evaluation", content)
    return join_grids(evaluation_grids(run, class_names, confusion), find_renderer(form))


def class_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
    totals = [sum(row) for row in confusion]
    shares = [
        row[index] / total if total else None for index, (row, total) in enumerate(zip(confusion, totals, strict=True))
    ]
    return Grid(
        name="by_class",
        title="By class",
        columns=(
            make_column("class", "Class", class_names),
            make_column("images", "Images", totals, show="count", keep=1),
            make_column("accuracy", "Accuracy", shares, show="percent", keep=2),
        ),
    )


def _confusion_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
    """A line is a true class, a column the class that was answered."""
    columns = [
        make_column(f"as {name}", name, [row[index] for row in confusion], show="count")
        for index, name in enumerate(class_names)
    ]
    return Grid(
        name="confusion",
        title="True class by line, answer by column",
        columns=(make_column("class", "Class", class_names), *columns),
    )
