"""A comparison as Rich tables, fitted to a width: nothing is cropped, and what is left out is named."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from densebench.comparison.formats import BASELINE_RATIO, format_setting
from densebench.comparison.grouping import find_differing, find_shared
from densebench.comparison.values import Comparison, EnvironmentDifference, GateResult, Row, get_settings
from densebench.errors import join_names
from densebench.escape import plain
from densebench.records import COLUMNS
from densebench.reporting.comparison_grids import (
    TITLES,
    explain_verdicts,
    make_gate_grid,
    make_phase_grid,
    make_verdict_grid,
    move_metric_to_title,
    shows_front,
)
from densebench.reporting.conclusion import conclude
from densebench.reporting.grid import Fitted, Grid, blank_repeats, fit
from densebench.reporting.rendering import make_rich_table
from densebench.reporting.row_columns import RATIO, SCALING, SHARED, expand_columns, list_figures
from densebench.reporting.scaling import EXPLAINED

# what shows the columns that did not fit
ANY_TABLE = "a wider terminal or --format json"
_COMPARISON = "--columns or a wider terminal"
_BEST = "* marks the best of a column."


def make_comparison_tables(
    comparison: Comparison, *, width: int | None = None, columns: Sequence[str] | None = None, remedy: str = _COMPARISON
) -> RenderableType:
    """Everything that ``compare`` prints. Without a width (for a pipe) it has all columns. ``remedy``
    is what this command has for showing those that do not fit.

    Raises :class:`InputError` for an unknown column.
    """
    chosen = expand_columns(columns)
    parts: list[RenderableType] = []
    found = [(rows, fit_rows(rows, chosen, width)) for phase in TITLES if (rows := comparison.of(phase))]
    for rows, fitted in found:
        parts += _phase_parts(rows, fitted, width, remedy)
    parts += list(_verdict_parts(comparison, chosen, width))
    shown = {column.name for _, fitted in found for column in fitted.grid.columns}
    parts += [_note(text) for text in write_closing_notes(comparison, shown, chosen)]
    if not _has_repeats(comparison) and any(_has_best(fitted.grid) for _, fitted in found):
        parts.append(_note(_BEST))
    if closing := conclude(comparison, chosen):
        parts += [Text(), *(Text(plain(text), style="bold") for text in closing)]
    return Group(*parts)


def _phase_parts(rows: Sequence[Row], found: Fitted, width: int | None, remedy: str) -> list[RenderableType]:
    """What is equal in all rows once above the table, then the table, then what did not fit."""
    above = [_note(text) for text in _shared_text(rows)] if rows[0].phase != "published" else []
    return [*above, *_table_parts(found, width, remedy)]


def fit_rows(rows: Sequence[Row], columns: Sequence[str] | None, width: int | None) -> Fitted:
    """The grid of a phase that fits; rows are named by their variant if the other columns distinguish them."""
    found = fit(make_phase_grid(rows, columns, labels=False), width)
    if rows[0].phase == "published":
        return found
    shown = {column.name for column in found.grid.columns} & set(find_differing(rows))
    distinct = {
        (get_settings(row, "variant"), *(get_settings(row, column) for column in sorted(shown))) for row in rows
    }
    ungrouped = any(row.label in {run.run for run in row.runs} for row in rows)
    if len(distinct) == len(rows) and not ungrouped:
        return found
    return fit(make_phase_grid(rows, columns, labels=True), width)


def _table_parts(found: Fitted, width: int | None, remedy: str) -> list[RenderableType]:
    title = [Text(plain(found.grid.title), style="bold")] if found.grid.title else []
    parts: list[RenderableType] = [*title, make_rich_table(found.grid, width)]
    if found.left_out:
        parts.append(_note(f"Not shown: {', '.join(found.left_out)}; {remedy} shows them."))
    return [*parts, Text()]


def draw_grid(grid: Grid, width: int | None) -> list[RenderableType]:
    return _table_parts(fit(grid, width), width, ANY_TABLE)


def _shared_text(rows: Sequence[Row]) -> list[str]:
    equal = [column for column in SHARED if column in find_shared(rows)]
    if not equal:
        return []
    texts = [f"{COLUMNS[column].about.title.lower()} {format_setting(rows[0], column)}" for column in equal]
    return [f"{'Equal in all rows' if len(rows) > 1 else 'Settings'}: {', '.join(texts)}."]


def _verdict_parts(comparison: Comparison, columns: Sequence[str] | None, width: int | None) -> list[RenderableType]:
    verdicts = make_verdict_grid(comparison, columns)
    parts: list[RenderableType] = []
    if verdicts is not None:
        found = fit(verdicts if width is None else move_metric_to_title(verdicts), width)
        read = found if width is None else dataclasses.replace(found, grid=blank_repeats(found.grid))
        parts += _table_parts(read, width, ANY_TABLE)[:-1]
        shown = {column.name for column in found.grid.columns}
        parts += [*(_note(text) for text in explain_verdicts(comparison, columns, shown)), Text()]
    if comparison.gate is not None:
        parts += draw_grid(make_gate_grid(comparison.gate), width)
    return parts


def list_columns(comparison: Comparison) -> set[str]:
    """The columns of its tables where none is left out."""
    return {name for phase in TITLES if (rows := comparison.of(phase)) for name in list_figures(phase, rows)}


def write_closing_notes(
    comparison: Comparison, shown: Collection[str], chosen: Collection[str] | None = None
) -> list[str]:
    """What a reader of the figures in the ``shown`` columns needs to know, in sentences.

    ``chosen`` are the columns that were asked for; None without a choice.
    """
    found = list(comparison.notes)
    if any(name.endswith(RATIO) for name in shown):
        found.append(_explain_ratio(comparison.rows))
    if SCALING in shown and any(row.scaling is not None for row in comparison.rows):
        found.append(EXPLAINED)
    if shows_front(chosen) and any(row.dominated_by for row in comparison.rows):
        cost = comparison.options.cost
        front = join_names([row.label for row in comparison.rows if row.on_front])
        found.append(f"On the Pareto front of test accuracy against {cost.title.lower()}: {front}.")
    if "best_test_accuracy" in shown and any(row.summary("best_test_accuracy").n for row in comparison.of("train")):
        found.append("Best of test is chosen by looking at the test images; Test acc. is the last epoch's.")
    if _has_repeats(comparison):
        found.append(f"± is the sample deviation over the runs of a row; {_BEST}")
    if comparison.budget is not None:
        found.append(comparison.budget.sentence)
    if comparison.gate is not None:
        found.append(_gate_text(comparison.gate))
    return found


def _explain_ratio(rows: Sequence[Row]) -> str:
    baselines = list(dict.fromkeys(row.label for row in rows if row.is_baseline))
    base = baselines[0] if len(baselines) == 1 else "its baseline"
    none = any(verdict.marked for row in rows for verdict in row.verdicts)
    across = "; there is none across different hardware" if none else ""
    return (
        f"Ratio: the figure on its left divided by that of {base}; above {BASELINE_RATIO} it takes longer or needs "
        f"more{across}."
    )


def _has_repeats(comparison: Comparison) -> bool:
    return any(len(row.runs) > 1 for row in comparison.rows)


def _has_best(grid: Grid) -> bool:
    return any(cell.best for column in grid.columns for cell in column.cells)


def _gate_text(gate: GateResult) -> str:
    counts = Counter(condition.outcome for condition in gate.conditions)
    parts = [f"{counts[outcome]} {outcome}" for outcome in ("failed", "passed", "inconclusive") if counts[outcome]]
    tested = sum(condition.confidence is not None for condition in gate.conditions)
    level = (
        f"; the chance of a false alarm is at most 5 % over all {tested} tests"
        if gate.level == "family" and tested > 1
        else ""
    )
    word = "failed" if gate.failed else "passed" if counts["passed"] else "undecided"
    advice = "; --strict fails then" if word == "undecided" else ""
    return f"Gate {word}{' (strict)' if gate.strict else ''}: {', '.join(parts)}{level}{advice}."


def make_environment_table(differences: Sequence[EnvironmentDifference], width: int | None = None) -> RenderableType:
    """Where the environments of the rows differ."""
    if not differences:
        return _note("The environments of all rows are the same.")
    lines: list[RenderableType] = []
    for difference in differences:
        lines.append(Text(plain(COLUMNS[difference.column].about.title), style="bold"))
        for value, labels in difference.values:
            lines.append(Padding(Text(f"{value}: {plain(', '.join(labels))}"), (0, 0, 0, 2)))
    return Group(*lines)


def _note(text: str) -> Text:
    return Text(plain(text))
