"""What one command did: a training's cost and result, an evaluation, several runs, in every format."""

import dataclasses
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from densebench.comparison.compare import compare
from densebench.comparison.formats import format_summary
from densebench.comparison.grouping import find_leading
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS, order_metrics
from densebench.comparison.options import CompareOptions
from densebench.comparison.run_figures import Figures, compute_figures, summarise
from densebench.comparison.values import TIME_TO_TARGET, Summary
from densebench.errors import count_noun
from densebench.escape import plain
from densebench.records import COLUMNS, Run
from densebench.reporting import rendering
from densebench.reporting.comparison_tables import ANY_TABLE, draw_grid, make_comparison_tables
from densebench.reporting.conclusion import name_metric
from densebench.reporting.export import find_renderer, format_comparison, join_grids
from densebench.reporting.grid import Grid, make_column
from densebench.results import csv_file
from densebench.units import UNKNOWN, format_value

_OF_LAST_EPOCH = ("train_accuracy", "validation_accuracy", "test_accuracy")


def make_run_tables(runs: Sequence[Run], *, width: int | None = None) -> RenderableType:
    """What one run cost and reached, or several side by side."""
    if len(runs) == 1:
        return Group(*draw_grid(_make_run_grid(runs[0]), width), *_conclude_run(runs[0]))
    return make_comparison_tables(compare(runs, CompareOptions()), width=width, remedy=ANY_TABLE)


def _conclude_run(run: Run) -> list[RenderableType]:
    """The figures of a run that people quote, in a sentence; nothing of one that did not end, no luck with labels."""
    if run.status != "completed":
        return []
    figures = compute_figures([run])
    is_luck = run.phase == "train" and run.dataset == "synthetic"
    metrics = [] if is_luck else [find_leading(run.phase)]
    if run.phase == "train":
        metrics.append(METRICS["total_seconds"])
    if not is_luck:
        metrics.append(TIME_TO_TARGET)
    summaries = [(one, summarise(one, figures[one.name])) for one in metrics]
    quoted = [_quote(one, found, run) for one, found in summaries if found.n]
    if not quoted:
        return []
    epochs = count_noun(len(run.records), "epoch")
    what = f"on {run.dataset} after {epochs}" if run.phase == "train" else f"at batch {run.batch_size}"
    return [Text(plain(f"{run.variant} {what}: {', '.join(quoted)} (one run)."), style="bold")]


def _quote(metric: Metric, summary: Summary, run: Run) -> str:
    if metric is TIME_TO_TARGET and run.target is not None:
        target = format_value("percent", run.target)
        return f"{target} not reached" if summary.missed else f"{format_summary(metric, summary)} to {target}"
    return f"{format_summary(metric, summary)} {name_metric(metric)}"


def _make_run_grid(run: Run) -> Grid:
    """One run, a figure a line; the best epoch is marked for what it is."""
    lines = list(_iterate_run_lines(run))
    return Grid(
        name="run",
        title=run.run,
        columns=(
            make_column("figure", "Figure", [name for name, _ in lines]),
            make_column("value", "Value", [value for _, value in lines], keep=1),
        ),
    )


def _iterate_run_lines(run: Run) -> Iterator[tuple[str, str]]:
    yield "Variant", run.variant
    yield "Dataset", run.dataset or UNKNOWN
    yield "Status", f"{run.status}: {run.reason}" if run.reason else run.status
    if run.phase == "train":
        yield "Epochs", f"{len(run.records)} of {run.epochs if run.epochs is not None else UNKNOWN}"
    yield from _iterate_figure_lines(run)
    if run.preprocessing:
        yield "Images", run.preprocessing
    for warning in (run.warnings or "").split("; "):
        if warning:
            yield "Warning", warning


def _iterate_figure_lines(run: Run) -> Iterator[tuple[str, str]]:
    figures = compute_figures([run])
    for metric in order_metrics(lambda display: display.listed):
        summary = summarise(metric, figures[metric.name])
        is_known_already = metric.name == "best_test_accuracy" and run.phase != "train"  # there is one figure
        if summary.n and not is_known_already:
            yield metric.title, format_summary(metric, summary) + _remark(run, figures, metric.name)


def _remark(run: Run, figures: Figures, name: str) -> str:
    """What must be said beside a figure."""
    if name == "epoch_seconds" and len(run.records) > 1:
        return " (median)"
    if name == "best_test_accuracy":
        (best,) = figures[name]
        epoch = next(record.epoch for record in run.records if record.test_accuracy == best)
        which = "" if epoch is None else f"epoch {epoch}, "
        return f" ({which}chosen by looking at the test images)"
    if name == TIME_TO_TARGET.name and run.target is not None:
        return f" ({format_value('percent', run.target)})"
    if name == "test_accuracy" and run.dataset == "synthetic":
        return " (random labels: this means nothing)"
    return " (last epoch)" if name in _OF_LAST_EPOCH and run.phase == "train" else ""


def format_runs_as(runs: Sequence[Run], form: str) -> str:
    """Runs in any format but ``table``: CSV as in the results files, JSON with every column."""
    if form == "csv":
        return csv_file.format_runs(runs)
    if form == "json":
        return rendering.json_document("runs", {"runs": [_describe_run(run) for run in runs]})
    if len(runs) == 1:
        return find_renderer(form)(_make_run_grid(runs[0]))
    return format_comparison(compare(runs, CompareOptions()), form)


def _describe_run(run: Run) -> dict[str, object]:
    """A run under the names of its columns; its epochs as a list, its figures as they are compared."""
    described = {name: getattr(run, name) for name, column in COLUMNS.items() if column.level == "run"}
    figures = compute_figures([run])
    return {
        **described,
        "figures": {name: value for name, (value,) in figures.items() if value is not None},
        "environment": dataclasses.asdict(run.environment),
        "epochs_done": [dataclasses.asdict(record) for record in run.records],
    }


def make_evaluation_grids(run: Run, class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[Grid]:
    """Loss, accuracies and speed; accuracy by class; how often each class was taken for which.

    ``confusion`` is (true class, answered class), in images.
    """
    return [_make_run_grid(run), make_class_grid(class_names, confusion), _make_confusion_grid(class_names, confusion)]


def format_evaluation(run: Run, class_names: Sequence[str], confusion: Sequence[Sequence[int]], form: str) -> str:
    """An evaluation in any format but ``table``; its CSV is the one row of its results file."""
    if form == "csv":
        return csv_file.format_runs([run])
    if form == "json":
        classes = rendering.values(make_class_grid(class_names, confusion))
        content = {"run": _describe_run(run), "by_class": classes, "confusion": [list(row) for row in confusion]}
        return rendering.json_document("evaluation", content)
    return join_grids(make_evaluation_grids(run, class_names, confusion), find_renderer(form))


def make_class_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
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


def _make_confusion_grid(class_names: Sequence[str], confusion: Sequence[Sequence[int]]) -> Grid:
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
