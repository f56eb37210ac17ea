"""Runs to a comparison: a pure function. Rows, verdicts against a baseline, the Pareto front, a budget, a gate."""

from collections.abc import Sequence

from densebench.comparison.baseline import describe_unmatched, find_nearest, mark_baseline, require_baselines
from densebench.comparison.budget import apply_budget
from densebench.comparison.comparability import environment_differences, hardware_note, mixed_note
from densebench.comparison.formats import listed
from densebench.comparison.gate import judge_gate
from densebench.comparison.grouping import group
from densebench.comparison.labels import label_rows
from densebench.comparison.metrics import ALIASES, METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.pareto import mark_front
from densebench.comparison.values import Comparison, GateResult, Row, settings
from densebench.comparison.verdicts import judge_rows
from densebench.errors import InputError, unknown
from densebench.records import COLUMNS, Run
from densebench.results.store import identity


def compare(runs: Sequence[Run], options: CompareOptions, baseline_runs: Sequence[Run] = ()) -> Comparison:
    """Compare runs, with those of a baseline file on a side of their own; raises :class:`InputError`."""
    check(options, bool(baseline_runs))
    theirs = {identity(run) for run in baseline_runs}
    ours = [run for run in runs if identity(run) not in theirs]
    rows = [*group(baseline_runs, options, is_baseline=True), *group(ours, options)]
    rows = label_rows(rows, options)
    if options.baseline is not None and not baseline_runs:
        rows = mark_baseline(rows, options.baseline)
    rows = judge_rows(rows, baselines_of(rows), options.margin)
    gated = gate_of(rows, options)  # of all rows: no budget silences a regression
    budget = None
    if options.budget is not None:
        rows, budget = apply_budget(rows, options.budget)
    rows = mark_front(rows, options.cost)
    measured = [row for row in rows if row.phase != "published"]
    return Comparison(
        rows=tuple(in_order(rows, options.sort)),
        notes=notes(rows),
        options=options,
        environments=environment_differences(measured),
        gate=gated,
        budget=budget,
    )


def check(options: CompareOptions, has_baseline_runs: bool) -> None:
    """Before the runs are looked at; raises :class:`InputError`."""
    if options.fail_on and options.baseline is None and not has_baseline_runs:
        raise InputError("--fail-on needs something to compare with: give --baseline too.")


def gate_of(rows: Sequence[Row], options: CompareOptions) -> GateResult | None:
    if not options.fail_on:
        return None
    require_baselines(rows)
    return judge_gate(rows, options.fail_on, strict=options.strict)


def baselines_of(rows: Sequence[Row]) -> list[Row | None]:
    baselines = [row for row in rows if row.is_baseline]
    return [None if row.is_baseline or row.phase == "published" else find_nearest(row, baselines) for row in rows]


def in_order(rows: Sequence[Row], sort: str | None) -> list[Row]:
    """Best first for a metric, alphabetically or by size for a column, ``-`` turns it round; unknown values last."""
    if sort is None:
        return list(rows)
    name = sort.removeprefix("-")
    name = ALIASES.get(name, name)
    backward = sort.startswith("-")
    if name in METRICS:
        backward ^= METRICS[name].best == "high"
        keyed = [(row.summary(name).figure, row) for row in rows]
    elif name in COLUMNS and COLUMNS[name].level != "epoch":
        keyed = [(settings(row, name)[0], row) for row in rows]  # type: ignore[misc]
    else:
        raise unknown("column for --sort", name, [*METRICS, *ALIASES, *COLUMNS])
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda entry: entry[0], reverse=backward)
    return [*(row for _, row in known), *(row for key, row in keyed if key is None)]


def notes(rows: Sequence[Row]) -> tuple[str, ...]:
    measured = [row for row in rows if row.phase != "published"]
    found = (
        hardware_note(measured),
        mixed_note(measured),
        describe_unmatched(rows),
        unfinished_note(measured),
        *ending_notes(measured),
        *warning_notes(measured),
        synthetic_note(measured),
    )
    return tuple(note for note in found if note is not None)


def unfinished_note(rows: Sequence[Row]) -> str | None:
    if all(row.completed for row in rows):
        return None
    return "Rows that are not completed show what they reached; their accuracy and totals are compared with nothing."


def ending_notes(rows: Sequence[Row]) -> list[str]:
    """Why a run failed or was interrupted."""
    found = (
        f"{row.label} {run.status}: {run.reason}"
        for row in rows
        for run in row.runs
        if run.status in ("failed", "interrupted") and run.reason
    )
    return list(dict.fromkeys(found))


def warning_notes(rows: Sequence[Row]) -> list[str]:
    """What the runs themselves want a reader to know, each warning once."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        for warning in dict.fromkeys(run.warnings for run in row.runs if run.warnings):
            labels.setdefault(warning, []).append(row.label)
    return [f"{listed(names)}: {warning}" for warning, names in labels.items()]


def synthetic_note(rows: Sequence[Row]) -> str | None:
    """Random labels: accuracy on them is luck."""
    if not any(dataset == "synthetic" for row in rows for dataset in settings(row, "dataset")):
        return None
    return "Accuracy on synthetic data means nothing: its labels are random."
