"""The rows of a phase, the verdicts and the conditions of a gate as grids."""

from collections.abc import Sequence

from densebench.comparison.comparability import across_hardware, terms
from densebench.comparison.formats import interval_text, p_text, setting_text, summary_text
from densebench.comparison.grouping import differing
from densebench.comparison.metrics import ALIASES, METRICS, Metric
from densebench.comparison.values import GateResult, Row, Verdict, settings
from densebench.comparison.wording import estimate_text, interval_of
from densebench.errors import unknown
from densebench.records import COLUMNS, Phase
from densebench.reporting.grid import Grid, GridColumn, make_column, results_column
from densebench.units import UNKNOWN, fixed_unit

TITLES: dict[Phase, str] = {
    "train": "Training",
    "eval": "Evaluation",
    "speed": "Speed",
    "published": "Published by others, not measured here",
}
FIGURES: dict[Phase, tuple[str, ...]] = {
    "train": (
        "runs", "params", "weights_bytes", "forward_macs", "epoch_seconds", "epoch_seconds_interval",
        "images_per_second", "gpu_peak_bytes", "host_peak_bytes", "energy_joules", "total_seconds",
        "time_to_target_seconds", "test_accuracy", "test_accuracy_interval", "best_test_accuracy", "pareto", "budget",
    ),
    "eval": (
        "runs", "params", "test_accuracy", "test_top5_accuracy", "test_loss", "images_per_second", "latency_ms_p50",
        "gpu_peak_bytes", "host_peak_bytes",
    ),
    "speed": (
        "runs", "params", "forward_macs", "images_per_second", "step_ms_p50", "first_step_seconds", "gpu_peak_bytes",
        "host_peak_bytes",
    ),
    "published": (
        "dataset", "epochs", "test_accuracy", "epoch_seconds", "total_seconds", "gpu_peak_bytes", "device", "recipe",
        "source",
    ),
}  # fmt: skip
# Where room is short, columns are taken in this order as long as they fit; settings that differ come third.
KEEP = (
    "test_accuracy", "epoch_seconds", "gpu_peak_bytes", "host_peak_bytes", "runs", "params", "step_ms_p50",
    "images_per_second", "best_test_accuracy", "pareto", "budget", "latency_ms_p50", "source", "epochs",
    "weights_bytes", "energy_joules", "time_to_target_seconds", "total_seconds", "test_top5_accuracy", "test_loss",
    "first_step_seconds", "forward_macs", "device", "recipe", "test_accuracy_interval", "epoch_seconds_interval",
)  # fmt: skip
SHOWN = (
    "test_accuracy", "epoch_seconds", "images_per_second", "latency_ms_p50", "gpu_peak_bytes", "host_peak_bytes",
    "energy_joules",
)  # fmt: skip


def phase_grid(rows: Sequence[Row], columns: Sequence[str] | None, *, labels: bool) -> Grid:
    """All columns that a wide table has; ``labels`` names rows by their labels, else by the variant alone."""
    names = list(columns) if columns is not None else default_columns(rows)
    first = [row.label if labels else setting_text(row, "variant") for row in rows]
    found = [results_column("variant", first)]
    return Grid(
        name=rows[0].phase,
        title=TITLES[rows[0].phase],
        columns=(*found, *(grid_column(name, rows) for name in names if name != "variant")),
        dim=tuple(row.dominated_by is not None for row in rows),
    )


def default_columns(rows: Sequence[Row]) -> list[str]:
    """Settings that differ, then the figures of the phase that at least one row has."""
    phase = rows[0].phase
    figures = [name for name in FIGURES[phase] if has_values(name, rows)]
    if phase == "published":
        return figures
    status = [] if all(row.completed for row in rows) else ["status"]
    return list(dict.fromkeys([*status, *differing(rows), *figures]))


def has_values(name: str, rows: Sequence[Row]) -> bool:
    if name == "runs":
        return any(len(row.runs) > 1 for row in rows)
    if name == "pareto":
        return any(row.dominated_by is not None for row in rows)
    if name == "budget":
        return any(row.within_budget for row in rows) and not all(row.within_budget for row in rows)
    if name.endswith("_interval"):
        return any(row.summary(name.removesuffix("_interval")).interval is not None for row in rows)
    if name == "host_peak_bytes" and all(row.summary("gpu_peak_bytes").n for row in rows):
        return False
    if name in METRICS:
        return any(row.summary(name).n for row in rows)
    return any(settings(row, name) != (None,) for row in rows)


def full_name(name: str) -> str:
    """The column of a name or of its short form; raises :class:`InputError` with the nearest names."""
    full = ALIASES.get(name, name)
    intervals = [f"{metric}_interval" for metric in METRICS if not METRICS[metric].exact]
    allowed = [*METRICS, *intervals, "runs", "pareto", "budget"]
    allowed += [column for column, entry in COLUMNS.items() if entry.level != "epoch" and column not in METRICS]
    if full not in allowed:
        raise unknown("column for --columns", name, [*allowed, *ALIASES])
    return full


def grid_column(name: str, rows: Sequence[Row]) -> GridColumn:
    if name in METRICS:
        return metric_column(METRICS[name], rows)
    if name.endswith("_interval"):
        return interval_column(METRICS[name.removesuffix("_interval")], rows)
    if name == "runs":
        return column(name, "Runs", [str(len(row.runs)) for row in rows])
    if name == "pareto":
        return column(name, "Pareto", ["front" if row.on_front else "" for row in rows], right=False)
    if name == "budget":
        return column(name, "Budget", ["within" if row.within_budget else UNKNOWN for row in rows], right=False)
    about = COLUMNS[name].about
    return column(
        name, about.title, [setting_text(row, name) for row in rows], right=COLUMNS[name].type in (int, float)
    )


def column(name: str, title: str, cells: Sequence[str], *, right: bool = True) -> GridColumn:
    return make_column(name, title, cells, show="number" if right else "text", keep=keep_of(name))


def keep_of(name: str) -> int:
    """Twice the place in KEEP, turned round, so that settings fit in between."""
    if name in KEEP:
        return -2 * KEEP.index(name)
    return -3 if name in COLUMNS and name not in METRICS else -2 * len(KEEP)


def metric_column(metric: Metric, rows: Sequence[Row]) -> GridColumn:
    unit = fixed_unit(metric.show)
    summaries = [row.summary(metric.name) for row in rows]
    across = any(across_hardware(metric, rows[0], row) for row in rows)
    sign = "≠" if across and rows[0].phase != "published" else ""
    return make_column(
        metric.name,
        " ".join(part for part in (metric.title, unit, sign) if part),
        [summary.figure for summary in summaries],
        show=metric.show,
        texts=[summary_text(metric, summary, unit=not unit) for summary in summaries],
        keep=keep_of(metric.name),
        best=best_rows(metric, rows),
    )


def interval_column(metric: Metric, rows: Sequence[Row]) -> GridColumn:
    unit = fixed_unit(metric.show)
    cells = [interval_text(metric.show, row.summary(metric.name).interval, unit=not unit) for row in rows]
    title = f"95 % interval of {metric.title.lower()} {unit}".strip()
    return column(f"{metric.name}_interval", title, cells)


def best_rows(metric: Metric, rows: Sequence[Row]) -> set[int]:
    """Places of the rows that are best of those they may be compared with, and better than one of them."""
    together: dict[tuple[object, ...], dict[int, float]] = {}
    for index, row in enumerate(rows):
        figure = row.summary(metric.name).figure
        if figure is not None and row.phase != "published":
            together.setdefault(terms(metric, row), {})[index] = figure
    found: set[int] = set()
    for figures in together.values():
        best = (min if metric.best == "low" else max)(figures.values())
        if len(set(figures.values())) > 1:
            found |= {index for index, figure in figures.items() if figure == best}
    return found


def verdict_grid(rows: Sequence[Row], columns: Sequence[str] | None) -> Grid | None:
    """One line for each verdict on a shown metric; None without any."""
    found = [(row, verdict) for row in rows for verdict in row.verdicts if is_shown(row, verdict, columns)]
    if not found:
        return None
    baselines = dict.fromkeys(row.baseline for row, _ in found)
    several = len(baselines) > 1
    entries = [
        make_column("row", "Variant", [row.label for row, _ in found], keep=9),
        make_column("baseline", "Against", [row.baseline or "" for row, _ in found] if several else [], keep=3),
        make_column("metric", "Metric", [METRICS[verdict.metric].title for _, verdict in found], keep=8),
        make_column("estimate", "Estimate", [marked_estimate(verdict) for _, verdict in found], show="number", keep=7),
        make_column("interval", "95 % interval", [interval_of(verdict) for _, verdict in found], show="number", keep=5),
        make_column("p", "p (Holm)", [p_text(verdict.p_holm) for _, verdict in found], show="number", keep=4),
        make_column(
            "p_permutation", "p (exact)", [p_text(verdict.p_permutation) for _, verdict in found], show="number", keep=2
        ),
        make_column("verdict", "Verdict", [word_text(verdict) for _, verdict in found], keep=6),
    ]
    told = [entry for entry in entries if any(cell.text != UNKNOWN for cell in entry.cells)]
    title = "Against the baseline" if several else f"Against {next(iter(baselines))}"
    return Grid(name="verdicts", title=title, columns=tuple(told))


def is_shown(row: Row, verdict: Verdict, columns: Sequence[str] | None) -> bool:
    if columns is not None:
        return verdict.metric in columns
    if verdict.metric == "host_peak_bytes":
        return row.summary("gpu_peak_bytes").n == 0
    if verdict.metric == "images_per_second" and row.phase == "train":
        return False
    return verdict.metric in SHOWN


def marked_estimate(verdict: Verdict) -> str:
    return f"{estimate_text(verdict)} ≠" if verdict.marked else estimate_text(verdict)


def word_text(verdict: Verdict) -> str:
    """The word, and what would settle it."""
    if verdict.word == "inconclusive" and verdict.more_seeds is not None:
        return f"inconclusive, +{verdict.more_seeds} {'seed' if verdict.more_seeds == 1 else 'seeds'}"
    if verdict.word == "no test" and verdict.floor is not None:
        return f"no test, floor ±{verdict.floor * 100:.2f} pp"
    return verdict.word


def gate_grid(gate: GateResult) -> Grid:
    conditions = gate.conditions
    return Grid(
        name="gate",
        title="Gate",
        columns=(
            make_column("row", "Variant", [entry.row for entry in conditions], keep=4),
            make_column("condition", "Condition", [entry.condition for entry in conditions], keep=3),
            make_column("outcome", "Outcome", [entry.outcome for entry in conditions], keep=2),
            make_column("reason", "Reason", [entry.reason for entry in conditions], keep=1),
        ),
    )
