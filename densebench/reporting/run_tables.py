"""What one command did: a training's cost and result, an evaluation, several runs, in every format."""

import dataclasses
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from densebench.comparison.compare import compare
from densebench.comparison.formats import UNKNOWN, fixed_unit, number_text, summary_text
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.run_figures import Figures, compute_figures
from densebench.comparison.summaries import summarise
from densebench.records import COLUMNS, Run
from densebench.reporting import rendering
from densebench.reporting.comparison_tables import comparison_tables, grid_parts
from densebench.reporting.export import comparison_text, joined, renderer
from densebench.reporting.grid import Cell, Grid, GridColumn, texts
from densebench.results import csv_file

COST = (
    "params", "forward_macs", "weights_bytes", "model_file_bytes", "checkpoint_file_bytes", "first_step_seconds",
    "epoch_seconds", "images_per_second", "step_ms_p50", "gpu_peak_bytes", "host_peak_bytes", "energy_joules",
    "total_seconds",
)  # fmt: skip
RESULT = (
    "train_loss", "train_accuracy", "validation_accuracy", "test_loss", "test_accuracy", "best_test_accuracy",
    "test_top5_accuracy", "time_to_target_seconds", "latency_ms_p50",
)  # fmt: skip


def runs_tables(runs: Sequence[Run], *, width: int | None = None) -> RenderableType:
    """What one run cost and reached, or several side by side."""
    if len(runs) == 1:
        return Group(*grid_parts(run_grid(runs[0]), width))
    return comparison_tables(compare(runs, CompareOptions()), width=width)


def run_grid(run: Run) -> Grid:
    """One run, a figure a line; the best epoch is marked for what it is."""
    lines = list(run_lines(run))
    return Grid(
        name="run",
        title=run.run,
        columns=(
            GridColumn(name="figure", title="Figure", cells=texts([name for name, _ in lines]), right=False),
            GridColumn(name="value", title="Value", cells=texts([value for _, value in lines]), right=False, keep=1),
        ),
    )


def run_lines(run: Run) -> Iterator[tuple[str, str]]:
    yield "Variant", run.variant
    yield "Dataset", run.dataset or UNKNOWN
    yield "Status", f"{run.status}: {run.reason}" if run.reason else run.status
    if run.phase == "train":
        yield "Epochs", f"{len(run.records)} of {run.epochs if run.epochs is not None else UNKNOWN}"
    figures = compute_figures([run])
    yield from figure_lines(run, figures, COST)
    yield from figure_lines(run, figures, RESULT)
    for warning in (run.warnings or "").split("; "):
        if warning:
            yield "Warning", warning


def figure_lines(run: Run, figures: Figures, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        summary = summarise(METRICS[name], figures[name])
        if summary.n:
            yield METRICS[name].title, summary_text(METRICS[name], summary) + aside(run, figures, name)


def aside(run: Run, figures: Figures, name: str) -> str:
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
        return rendering.json_document("runs", {"runs": [run_content(run) for run in runs]})
    if len(runs) == 1:
        return renderer(form)(run_grid(runs[0]))
    return comparison_text(compare(runs, CompareOptions()), form)


def run_content(run: Run) -> dict[str, object]:
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
    return [run_grid(run), class_grid(class_names, confusion), confusion_grid(class_names, confusion)]


def evaluation_text(run: Run, class_names: Sequence[str], confusion: Sequence[Sequence[int]], form: str) -> str:
    """An evaluation in any format but ``table``; its CSV is the one row of its results file."""
    if form == "csv":
        return csv_file.format_runs([run])
    if form == "json":
        classes = rendering.values(class_grid(class_names, confusion))
        content = {"run": run_content(run), "by_class": classes, "confusion": [list(row) for row in confusion]}
        return rendering.json_document("evaluation", content)
    return joined(evaluation_grids(run, class_names, confusion), renderer(form))


def class_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
    totals = [sum(row) for row in confusion]
    shares = [
        row[index] / total if total else None for index, (row, total) in enumerate(zip(confusion, totals, strict=True))
    ]
    unit = fixed_unit("percent")
    return Grid(
        name="by_class",
        title="By class",
        columns=(
            name_column("class", "Class", class_names),
            GridColumn(name="images", title="Images", cells=counts(totals), keep=1),
            GridColumn(
                name="accuracy",
                title=f"Accuracy {unit}",
                cells=tuple(
                    Cell(text=UNKNOWN if share is None else number_text("percent", share, unit=False), value=share)
                    for share in shares
                ),
                keep=2,
            ),
        ),
    )


def confusion_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
    """A line is a true class, a column the class that was answered."""
    columns = [
        GridColumn(name=f"as {name}", title=name, cells=counts([row[index] for row in confusion]))
        for index, name in enumerate(class_names)
    ]
    return Grid(
        name="confusion",
        title="True class by line, answer by column",
        columns=(name_column("class", "Class", class_names), *columns),
    )


def name_column(name: str, title: str, values: Sequence[str]) -> GridColumn:
    cells = tuple(Cell(text=value, value=value) for value in values)
    return GridColumn(name=name, title=title, cells=cells, right=False)


def counts(values: Sequence[int]) -> tuple[Cell, ...]:
    return tuple(Cell(text=f"{value:,}", value=value) for value in values)
