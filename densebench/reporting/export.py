"""A comparison for machines and for papers: CSV, JSON, Markdown, LaTeX. All rows, nothing left out for width."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from densebench.comparison.grouping import SETTINGS, group_runs
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Comparison, Row, Scaling, Summary, Verdict, get_settings
from densebench.errors import unknown
from densebench.records import Run
from densebench.reporting import rendering
from densebench.reporting.comparison_grids import (
    TITLES,
    explain_verdicts,
    make_gate_grid,
    make_phase_grid,
    make_verdict_grid,
)
from densebench.reporting.comparison_tables import write_closing_notes
from densebench.reporting.conclusion import conclude
from densebench.reporting.grid import Grid
from densebench.reporting.prediction_columns import describe_prediction
from densebench.reporting.row_columns import SCALING, expand_columns, make_row_column
from densebench.reporting.scaling import describe_scaling
from densebench.results.cells import write_plain

# Who ran what and where, beside the settings; a table that leaves its runs has these to go by.
_ORIGIN = ("started", "command", "source", "warnings", "platform", "python", "numpy", "driver", "commit", "host")
FORMATS = ("table", "csv", "json", "markdown", "latex")


def format_comparison(comparison: Comparison, form: str, columns: Sequence[str] | None = None) -> str:
    """A comparison in any format but ``table``; raises :class:`InputError` for an unknown column or format."""
    chosen = expand_columns(columns)
    if form == "json":
        return rendering.json_document("comparison", _comparison_content(comparison))
    if form == "csv":
        return _format_csv(comparison, chosen)
    grids = _comparison_grids(comparison, chosen)
    in_verdicts = {column.name for grid in grids if grid.name == "verdicts" for column in grid.columns}
    shown = {column.name for grid in grids for column in grid.columns}
    notes = [
        *explain_verdicts(comparison, chosen, in_verdicts),
        *write_closing_notes(comparison, shown, chosen),
        *conclude(comparison, chosen),
    ]
    return join_grids(grids, find_renderer(form)) + "".join(rendering.remark(note, form) for note in notes)


def find_renderer(form: str) -> Callable[[Grid], str]:
    found = {"csv": rendering.csv, "markdown": rendering.markdown, "latex": rendering.latex}
    if form not in found:
        raise unknown("format", form, FORMATS)
    return found[form]


def join_grids(grids: Iterable[Grid], render: Callable[[Grid], str]) -> str:
    return "\n".join(render(grid) for grid in grids)


def _comparison_grids(comparison: Comparison, columns: Sequence[str] | None) -> list[Grid]:
    """Every table of a comparison, whole."""
    found = [make_phase_grid(rows, columns, labels=True) for phase in TITLES if (rows := comparison.of(phase))]
    verdicts = make_verdict_grid(comparison, columns)
    if verdicts is not None:
        found.append(verdicts)
    if comparison.gate is not None:
        found.append(make_gate_grid(comparison.gate))
    return found


def _format_csv(comparison: Comparison, columns: Sequence[str] | None) -> str:
    """One line a row: its settings, then mean, deviation, interval and n of each metric, then its verdicts."""
    lines = [flatten_row(row, columns) for row in comparison.rows]
    head = ",".join(lines[0]) if lines else ""
    return "".join(
        f"{line}\n" for line in (head, *(",".join(map(rendering.csv_cell, line.values())) for line in lines))
    )


@cache
def list_csv_columns() -> tuple[str, ...]:
    """The columns of a comparison as CSV, where none are chosen."""
    (row,) = group_runs([Run(run="any", variant="any")], CompareOptions())
    return tuple(flatten_row(row, None))


def flatten_row(row: Row, columns: Sequence[str] | None) -> dict[str, object]:
    found: dict[str, object] = {"label": row.label, "run_count": len(row.runs)}
    if columns is None:
        found["runs"] = ", ".join(run.run for run in row.runs)
        found["seeds"] = ", ".join(str(run.seed) for run in row.runs if run.seed is not None)
        found["epochs_recorded"] = min(len(run.records) for run in row.runs)
    described = [column for column in (*SETTINGS, *_ORIGIN) if columns is None or column in columns]
    found |= {column: _setting_value(row, column) for column in described}
    found |= {"on_front": row.on_front, "dominated_by": row.dominated_by, "within_budget": row.within_budget}
    found["baseline"] = row.baseline
    if columns is None or SCALING in columns:
        found |= _flatten_scaling(row.scaling)
    for name in METRICS:
        if columns is None or name in columns:
            found |= _flatten_summary(name, row.summary(name)) | _flatten_verdict(name, row.verdict(name))
    for name in columns or ():
        if name not in found:
            found[name] = make_row_column(name, [row]).cells[0].value
    return found


def _flatten_summary(name: str, summary: Summary) -> dict[str, object]:
    low, high = (summary.interval.low, summary.interval.high) if summary.interval else (None, None)
    return {
        name: summary.mean,
        f"{name}_deviation": summary.deviation,
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_n": summary.n,
    }


def _flatten_scaling(scaling: Scaling | None) -> dict[str, object]:
    interval = scaling.efficiency_interval if scaling else None
    return {
        SCALING: scaling.efficiency if scaling else None,
        f"{SCALING}_low": interval.low if interval else None,
        f"{SCALING}_high": interval.high if interval else None,
    }


def _flatten_verdict(name: str, verdict: Verdict | None) -> dict[str, object]:
    interval = verdict.interval if verdict else None
    decisive = verdict.interval_holm if verdict else None
    return {
        f"{name}_estimate": verdict.estimate if verdict else None,
        f"{name}_estimate_low": interval.low if interval else None,
        f"{name}_estimate_high": interval.high if interval else None,
        f"{name}_p": verdict.p if verdict else None,
        f"{name}_estimate_holm_low": decisive.low if decisive else None,
        f"{name}_estimate_holm_high": decisive.high if decisive else None,
        f"{name}_p_holm": verdict.p_holm if verdict else None,
        f"{name}_verdict": verdict.word if verdict else None,
    }


def _setting_value(row: Row, column: str) -> object:
    """The one value of a setting; several of a mixed row as one text."""
    found = get_settings(row, column)
    if len(found) == 1:
        return found[0]
    return ", ".join("unknown" if value is None else write_plain(value) for value in found)


def _comparison_content(comparison: Comparison) -> dict[str, object]:
    """The whole comparison under names of columns and fields; unknown is null."""
    return {
        "rows": [_row_content(row) for row in comparison.rows],
        "notes": list(comparison.notes),
        "environments": [
            {
                "column": difference.column,
                "values": [{"value": value, "rows": list(labels)} for value, labels in difference.values],
            }
            for difference in comparison.environments
        ],
        "budget": dataclasses.asdict(comparison.budget) if comparison.budget else None,
        "gate": dataclasses.asdict(comparison.gate) if comparison.gate else None,
    }


def _row_content(row: Row) -> dict[str, object]:
    return {
        "label": row.label,
        "runs": [run.run for run in row.runs],
        "seeds": [run.seed for run in row.runs],
        "settings": {column: _setting_value(row, column) for column in SETTINGS},
        "mixed": list(row.mixed),
        "metrics": {summary.metric: _summary_content(summary) for summary in row.summaries if summary.n},
        "prediction": describe_prediction(row),
        "is_baseline": row.is_baseline,
        "baseline": row.baseline,
        "verdicts": {verdict.metric: describe_verdict(verdict) for verdict in row.verdicts},
        "on_front": row.on_front,
        "dominated_by": row.dominated_by,
        "within_budget": row.within_budget,
        "scaling": describe_scaling(row.scaling),
        "source": [run.source for run in row.runs],
    }


def _summary_content(summary: Summary) -> dict[str, object]:
    return {name: value for name, value in dataclasses.asdict(summary).items() if name != "metric"}


def describe_verdict(verdict: Verdict) -> dict[str, object]:
    return {name: value for name, value in dataclasses.asdict(verdict).items() if name != "metric"}
