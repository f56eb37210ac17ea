"""The rows of a phase, the verdicts and the conditions of a gate as grids."""

import dataclasses
from collections.abc import Collection, Sequence

from densebench.comparison.formats import (
    format_confidence,
    format_estimate,
    format_estimate_interval,
    format_p,
    format_setting,
)
from densebench.comparison.grouping import find_differing
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.statistics import ALPHA
from densebench.comparison.values import Comparison, GateResult, Row, Verdict
from densebench.records import Phase
from densebench.reporting.grid import Grid, make_column, make_results_column
from densebench.reporting.row_columns import PARETO, is_replaced, list_figures, make_row_column
from densebench.units import UNKNOWN

TITLES: dict[Phase, str] = {  # in the order of the tables
    "train": "Training",
    "eval": "Evaluation",
    "speed": "Speed",
    "inference": "Speed of inference",
    "trial": "Trials of plan",
    "published": "Published by others, not measured here",
}


def make_phase_grid(rows: Sequence[Row], columns: Sequence[str] | None, *, labels: bool) -> Grid:
    """All columns that a wide table has; ``labels`` names rows by their labels, else by the variant alone."""
    names = list(columns) if columns is not None else _default_columns(rows)
    first = [row.label if labels else format_setting(row, "variant") for row in rows]
    return Grid(
        name=rows[0].phase,
        title=TITLES[rows[0].phase],
        columns=(
            make_results_column("variant", first, names=True),
            *(make_row_column(name, rows) for name in names if name != "variant"),
        ),
        dim=tuple(shows_front(columns) and row.dominated_by is not None for row in rows),
    )


def shows_front(columns: Collection[str] | None) -> bool:
    """Whether these columns, or those shown without a choice, say which rows are on the Pareto front."""
    return columns is None or PARETO in columns


def make_verdict_grid(comparison: Comparison, columns: Sequence[str] | None) -> Grid | None:
    """One line for each verdict on a shown metric; None without any."""
    found = _list_shown(comparison, columns)
    if not found:
        return None
    baselines = dict.fromkeys(row.baseline for row, _ in found)
    against = [row.baseline or "" for row, _ in found] if len(baselines) > 1 else []
    intervals = [format_estimate_interval(one, one.interval_holm) for _, one in found]
    entries = [
        make_column("row", "Variant", [row.label for row, _ in found], keep=9, names=True),
        make_column("baseline", "Against", against, keep=3, names=True),
        make_column("metric", "Metric", [METRICS[verdict.metric].title for _, verdict in found], keep=8),
        make_column("estimate", "Estimate", [mark_estimate(one) for _, one in found], show="number", keep=7),
        make_column("interval", _title_interval(_list_confidences(found)), intervals, show="number", keep=5),
        make_column("p", "p (Holm)", [format_p(one.p_holm) for _, one in found], show="number", keep=4),
        make_column(
            "p_permutation", "p (exact)", [format_p(one.p_permutation) for _, one in found], show="number", keep=2
        ),
        make_column("verdict", "Verdict", [word_text(verdict) for _, verdict in found], keep=6),
    ]
    known = [entry for entry in entries if any(cell.text != UNKNOWN for cell in entry.cells)]
    title = "Against the baseline" if against else f"Against {next(iter(baselines))}"
    return Grid(name="verdicts", title=title, columns=tuple(known))


def move_metric_to_title(verdicts: Grid) -> Grid:
    """The verdicts without the column of metrics, named in the title, where all are on the same one."""
    metrics = {cell.text for column in verdicts.columns if column.name == "metric" for cell in column.cells}
    if len(metrics) != 1:
        return verdicts
    columns = tuple(column for column in verdicts.columns if column.name != "metric")
    return dataclasses.replace(verdicts, title=f"{verdicts.title}: {metrics.pop()}", columns=columns)


def explain_verdicts(comparison: Comparison, columns: Sequence[str] | None, shown: Collection[str]) -> list[str]:
    """Sentences on the verdicts, and on the ``shown`` columns of their table."""
    found = _list_shown(comparison, columns)
    verdicts = [verdict for _, verdict in found]
    notes = (
        _explain_interval(_list_confidences(found)) if "interval" in shown else None,
        _explain_exact(verdicts) if "p_permutation" in shown else None,
        _explain_seeds(verdicts, max(2, comparison.options.looks)),
        _explain_too_few(verdicts),
    )
    return [note for note in notes if note is not None]


def _list_shown(comparison: Comparison, columns: Sequence[str] | None) -> list[tuple[Row, Verdict]]:
    cost = comparison.options.cost
    return [(row, found) for row in comparison.rows for found in row.verdicts if _is_shown(row, found, columns, cost)]


def _list_confidences(found: Sequence[tuple[Row, Verdict]]) -> list[str]:
    """The different ones, lowest first."""
    known = {verdict.confidence_holm for _, verdict in found if verdict.confidence_holm is not None}
    return list(dict.fromkeys(format_confidence(confidence) for confidence in sorted(known)))


def _title_interval(confidences: Sequence[str]) -> str:
    return f"{confidences[0]} interval" if len(confidences) == 1 else "Interval (Holm)"


def _explain_interval(confidences: Sequence[str]) -> str | None:
    if not confidences or list(confidences) == ["95 %"]:
        return None
    levels = " to ".join(dict.fromkeys((confidences[0], confidences[-1])))
    return (
        f"Verdicts are decided on {levels} intervals: the chance of any false one on a metric, over all its rows and "
        "--looks, is at most 5 %."
    )


def _explain_exact(verdicts: Sequence[Verdict]) -> str | None:
    """Why a difference is decided though the exact test does not show it."""
    least = [
        one.p_permutation_least
        for one in verdicts
        if one.word in ("better", "worse") and one.p_permutation_least is not None and (one.p_permutation or 0) > ALPHA
    ]
    if not least:
        return None
    few = f": with so few runs it cannot go below {format_p(max(least))}" if max(least) > ALPHA else ""
    return f"p (exact), of a permutation test, stands beside the t test and decides nothing{few}."


def _explain_seeds(verdicts: Sequence[Verdict], looks: int) -> str | None:
    if all(verdict.seeds_needed is None for verdict in verdicts):
        return None
    return (
        f'"needs N": N seeds a side in all, compared with --looks {looks}, would settle it with a chance of 80 %. '
        "Comparing again with more seeds but without --looks gives up to 11 % false verdicts instead of 5 %."
    )


def _explain_too_few(verdicts: Sequence[Verdict]) -> str | None:
    if not any(verdict.too_few for verdict in verdicts):
        return None
    return '"Too few runs": with 2 runs against more, Welch\'s t test may give 12 % false verdicts instead of 5 %.'


def make_gate_grid(gate: GateResult) -> Grid:
    """One line for each condition and row."""
    conditions = gate.conditions
    return Grid(
        name="gate",
        title="Gate",
        columns=(
            make_column("row", "Variant", [entry.row for entry in conditions], keep=4, names=True),
            make_column("condition", "Condition", [entry.condition for entry in conditions], keep=3),
            make_column("outcome", "Outcome", [entry.outcome for entry in conditions], keep=2),
            make_column("reason", "Reason", [entry.reason for entry in conditions], keep=1),
        ),
    )


def mark_estimate(verdict: Verdict) -> str:
    """The estimate with a sign where it is across different hardware."""
    return f"{format_estimate(verdict)} ≠" if verdict.marked else format_estimate(verdict)


def word_text(verdict: Verdict) -> str:
    """The word, and what would settle it."""
    if verdict.word == "inconclusive" and verdict.too_few:
        return "inconclusive, too few runs"
    if verdict.word == "inconclusive" and verdict.seeds_needed is not None:
        return f"inconclusive, needs {verdict.seeds_needed}"
    if verdict.word == "no test" and verdict.floor is not None:
        return f"no test, floor ±{verdict.floor * 100:.2f} pp"
    return verdict.word


def _default_columns(rows: Sequence[Row]) -> list[str]:
    """Settings that differ, then the figures of the phase that at least one row has."""
    figures = list_figures(rows[0].phase, rows)
    if rows[0].phase == "published":
        return figures
    status = [] if all(row.completed for row in rows) else ["status"]
    return list(dict.fromkeys([*status, *find_differing(rows), *figures]))


def _is_shown(row: Row, verdict: Verdict, columns: Sequence[str] | None, cost: Metric) -> bool:
    """Without chosen columns, the metrics that a phase is judged by, and of trainings the cost that was asked for."""
    metric = METRICS[verdict.metric]
    if columns is not None:
        return metric.name in columns
    is_cost = row.phase == "train" and metric is cost
    return (is_cost or row.phase in metric.display.judged) and not is_replaced(metric, row)
