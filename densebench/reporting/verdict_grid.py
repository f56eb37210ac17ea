"""The verdicts of a comparison, and the conditions of its gate, as grids."""

from collections.abc import Sequence

from densebench.comparison.formats import UNKNOWN, format_estimate, format_estimate_interval, p_text
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import GateResult, Row, Verdict
from densebench.reporting.grid import Grid, GridColumn, texts

SHOWN = (
    "test_accuracy", "epoch_seconds", "images_per_second", "latency_ms_p50", "gpu_peak_bytes", "host_peak_bytes",
    "energy_joules",
)  # fmt: skip


def verdict_grid(rows: Sequence[Row], columns: Sequence[str] | None) -> Grid | None:
    """One line for each verdict on a shown metric; None without any."""
    found = [(row, verdict) for row in rows for verdict in row.verdicts if is_shown(row, verdict, columns)]
    if not found:
        return None
    baselines = dict.fromkeys(row.baseline for row, _ in found)
    several = len(baselines) > 1
    entries = [
        text("row", "Variant", [row.label for row, _ in found], 9),
        text("baseline", "Against", [row.baseline or "" for row, _ in found] if several else [], 3),
        text("metric", "Metric", [METRICS[verdict.metric].title for _, verdict in found], 8),
        number("estimate", "Estimate", [marked_estimate(verdict) for _, verdict in found], 7),
        number("interval", "95 % interval", [format_estimate_interval(verdict) for _, verdict in found], 5),
        number("p", "p (Holm)", [p_text(verdict.p_holm) for _, verdict in found], 4),
        number("p_permutation", "p (exact)", [p_text(verdict.p_permutation) for _, verdict in found], 2),
        text("verdict", "Verdict", [word_text(verdict) for _, verdict in found], 6),
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
    return f"{format_estimate(verdict)} ≠" if verdict.marked else format_estimate(verdict)


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
            text("row", "Variant", [entry.row for entry in conditions], 4),
            text("condition", "Condition", [entry.condition for entry in conditions], 3),
            text("outcome", "Outcome", [entry.outcome for entry in conditions], 2),
            text("reason", "Reason", [entry.reason for entry in conditions], 1),
        ),
    )


def text(name: str, title: str, values: Sequence[str], keep: int) -> GridColumn:
    return GridColumn(name=name, title=title, cells=texts(values), right=False, keep=keep)


def number(name: str, title: str, values: Sequence[str], keep: int) -> GridColumn:
    return GridColumn(name=name, title=title, cells=texts(values), keep=keep)
