"""The rows of a phase, the verdicts and the conditions of a gate as grids."""

from collections.abc import Sequence

from densebench.comparison.formats import format_estimate, format_estimate_interval, p_text, setting_text
from densebench.comparison.grouping import differing
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import GateResult, Row, Verdict
from densebench.records import Phase
from densebench.reporting.grid import Grid, make_column, results_column
from densebench.reporting.row_columns import is_replaced, list_figures, row_column
from densebench.units import UNKNOWN

TITLES: dict[Phase, str] = {  # in the order of the tables
    "train": "Training",
    "eval": "Evaluation",
    "speed": "Speed",
    "published": "Published by others, not measured here",
}


def phase_grid(rows: Sequence[Row], columns: Sequence[str] | None, *, labels: bool) -> Grid:
    """All columns that a wide table has; ``labels`` names rows by their labels, else by the variant alone."""
    names = list(columns) if columns is not None else _default_columns(rows)
    first = [row.label if labels else setting_text(row, "variant") for row in rows]
    return Grid(
        name=rows[0].phase,
        title=TITLES[rows[0].phase],
        columns=(results_column("variant", first), *(row_column(name, rows) for name in names if name != "variant")),
        dim=tuple(row.dominated_by is not None for row in rows),
    )


def verdict_grid(rows: Sequence[Row], columns: Sequence[str] | None) -> Grid | None:
    """One line for each verdict on a shown metric; None without any."""
    found = [(row, verdict) for row in rows for verdict in row.verdicts if _is_shown(row, verdict, columns)]
    if not found:
        return None
    baselines = dict.fromkeys(row.baseline for row, _ in found)
    several = len(baselines) > 1
    entries = [
        make_column("row", "Variant", [row.label for row, _ in found], keep=9),
        make_column("baseline", "Against", [row.baseline or "" for row, _ in found] if several else [], keep=3),
        make_column("metric", "Metric", [METRICS[verdict.metric].title for _, verdict in found], keep=8),
        make_column("estimate", "Estimate", [marked_estimate(one) for _, one in found], show="number", keep=7),
        make_column(
            "interval", "95 % interval", [format_estimate_interval(one) for _, one in found], show="number", keep=5
        ),
        make_column("p", "p (Holm)", [p_text(one.p_holm) for _, one in found], show="number", keep=4),
        make_column(
            "p_permutation", "p (exact)", [p_text(one.p_permutation) for _, one in found], show="number", keep=2
        ),
        make_column("verdict", "Verdict", [word_text(verdict) for _, verdict in found], keep=6),
    ]
    known = [entry for entry in entries if any(cell.text != UNKNOWN for cell in entry.cells)]
    title = "Against the baseline" if several else f"Against {next(iter(baselines))}"
    return Grid(name="verdicts", title=title, columns=tuple(known))


def gate_grid(gate: GateResult) -> Grid:
    """One line for each condition and row."""
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


def marked_estimate(verdict: Verdict) -> str:
    """The estimate with a sign where it is across different hardware."""
    return f"{format_estimate(verdict)} ≠" if verdict.marked else format_estimate(verdict)


def word_text(verdict: Verdict) -> str:
    """The word, and what would settle it."""
    if verdict.word == "inconclusive" and verdict.more_seeds is not None:
        return f"inconclusive, +{verdict.more_seeds} {'seed' if verdict.more_seeds == 1 else 'seeds'}"
    if verdict.word == "no test" and verdict.floor is not None:
        return f"no test, floor ±{verdict.floor * 100:.2f} pp"
    return verdict.word


def _default_columns(rows: Sequence[Row]) -> list[str]:
    """Settings that differ, then the figures of the phase that at least one row has."""
    figures = list_figures(rows[0].phase, rows)
    if rows[0].phase == "published":
        return figures
    status = [] if all(row.completed for row in rows) else ["status"]
    return list(dict.fromkeys([*status, *differing(rows), *figures]))


def _is_shown(row: Row, verdict: Verdict, columns: Sequence[str] | None) -> bool:
    metric = METRICS[verdict.metric]
    if columns is not None:
        return metric.name in columns
    return row.phase in metric.display.judged and not is_replaced(metric, row)
