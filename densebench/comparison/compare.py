"""Runs to a comparison: a pure function. Rows, verdicts against a baseline, the Pareto front, a budget, a gate."""

from collections.abc import Sequence

from densebench.comparison.baseline import (
    describe_missing,
    describe_unmatched,
    find_nearest,
    list_missing,
    mark_baseline,
    require_baselines,
)
from densebench.comparison.budget import apply_budget
from densebench.comparison.comparability import (
    find_environment_differences,
    note_hardware,
    note_mixed,
    note_seeds,
    note_unknown,
)
from densebench.comparison.grouping import SETTINGS, group_runs, name_rows, order_rows
from densebench.comparison.judging.gate import judge_gate
from densebench.comparison.judging.verdicts import judge_rows
from densebench.comparison.metrics import ALIASES, METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.pareto import mark_front
from densebench.comparison.scaling import mark_scaling, note_unscaled
from densebench.comparison.targets import note_targets
from densebench.comparison.values import Comparison, GateResult, Row, get_settings
from densebench.errors import InputError, join_names, unknown
from densebench.records import BY_THE_CLOCK, COLUMNS, Run
from densebench.results.store import find_states, identify


def compare(runs: Sequence[Run], options: CompareOptions, baseline_runs: Sequence[Run] = ()) -> Comparison:
    """Compare runs, with those of a baseline file on a side of their own; raises :class:`InputError`."""
    _check_options(options, bool(baseline_runs))
    given = len(runs) + len(baseline_runs)
    runs, baseline_runs = _leave_out_trials(runs, baseline_runs)
    rows = _group_sides(runs, baseline_runs, options)
    rows = name_rows(rows, options)
    if options.baseline is not None and not baseline_runs:
        rows = mark_baseline(rows, options.baseline)
    rows = judge_rows(rows, _find_baselines(rows), options.margin, options.looks)
    missing = list_missing(rows) if baseline_runs else []
    gated = _apply_gate(rows, options, missing)  # of all rows: no budget silences a regression
    rows = mark_scaling(rows)
    targets = note_targets(rows, options.cost)  # of those too that a budget leaves out
    budget = None
    if options.budget is not None:
        rows, budget = apply_budget(rows, options.budget)
    rows = mark_front(rows, options.cost)
    measured = [row for row in rows if row.phase != "published"]
    return Comparison(
        rows=tuple(_sort_rows(rows, options.sort) if options.sort is not None else order_rows(rows)),
        notes=(*_note_left_out(given - len(runs) - len(baseline_runs)), *_write_notes(rows, missing), *targets),
        options=options,
        environments=find_environment_differences(measured),
        gate=gated,
        budget=budget,
    )


def _group_sides(runs: Sequence[Run], baseline_runs: Sequence[Run], options: CompareOptions) -> list[Row]:
    """Rows of both; a run of both sides stands on that of the baseline, in its latest state."""
    states = find_states([*baseline_runs, *runs])
    theirs = dict.fromkeys(map(identify, baseline_runs))
    ours = [run for run in runs if identify(run) not in theirs]
    return [*group_runs([states[key] for key in theirs], options, is_baseline=True), *group_runs(ours, options)]


def _check_options(options: CompareOptions, has_baseline_runs: bool) -> None:
    """Before the runs are looked at; raises :class:`InputError`."""
    if options.fail_on and options.baseline is None and not has_baseline_runs:
        raise InputError("--fail-on needs something to compare with: give --baseline too.")


def _leave_out_trials(*sides: Sequence[Run]) -> list[list[Run]]:
    """The runs without trials, which are short and on random images; alone they are compared with one another."""
    if all(run.phase == "trial" for runs in sides for run in runs):
        return [list(runs) for runs in sides]
    return [[run for run in runs if run.phase != "trial"] for runs in sides]


def _note_left_out(count: int) -> list[str]:
    if not count:
        return []
    trials = "1 trial of plan is" if count == 1 else f"{count} trials of plan are"
    return [f"{trials} left out: comparing the files of trials alone shows them."]


def _apply_gate(rows: Sequence[Row], options: CompareOptions, missing: Sequence[Row]) -> GateResult | None:
    if not options.fail_on:
        return None
    require_baselines(rows)
    level, alpha = options.gate_level, options.alpha
    return judge_gate(rows, options.fail_on, strict=options.strict, level=level, alpha=alpha, missing=missing)


def _find_baselines(rows: Sequence[Row]) -> list[Row | None]:
    baselines = [row for row in rows if row.is_baseline]
    return [None if row.is_baseline or row.phase == "published" else find_nearest(row, baselines) for row in rows]


def _sort_rows(rows: Sequence[Row], sort: str) -> list[Row]:
    """Best first for a metric, alphabetically or by size for a column, ``-`` turns it round; unknown values last."""
    name = sort.removeprefix("-")
    name = ALIASES.get(name, name)
    backward = sort.startswith("-")
    if name in METRICS:
        backward ^= METRICS[name].best == "high"
        keyed = [(row.summary(name).figure, row) for row in rows]
    elif name in COLUMNS and COLUMNS[name].level != "epoch":
        keyed = [(get_settings(row, name)[0], row) for row in rows]  # type: ignore[misc]
    else:
        sortable = [column for column, entry in COLUMNS.items() if entry.level != "epoch"]
        raise unknown("column for --sort", name, [*METRICS, *ALIASES, *sortable])
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda entry: entry[0], reverse=backward)
    return [*(row for _, row in known), *(row for key, row in keyed if key is None)]


def _write_notes(rows: Sequence[Row], missing: Sequence[Row]) -> tuple[str, ...]:
    measured = [row for row in rows if row.phase != "published"]
    found = (
        note_hardware(measured),
        note_mixed(measured),
        *note_seeds(measured),
        *_note_sources(measured),
        *note_unknown(measured),
        describe_unmatched(rows),
        describe_missing(missing),
        *note_unscaled(measured),
        _note_unfinished(measured),
        *_note_endings(measured),
        *_note_warnings(measured),
        _note_synthetic(measured),
    )
    return tuple(note for note in found if note is not None)


def _note_sources(rows: Sequence[Row]) -> list[str]:
    """Evaluations that stand apart though all else that they say of themselves is equal."""
    alike: dict[tuple[object, ...], list[Row]] = {}
    for row in (row for row in rows if row.phase == "eval"):
        alike.setdefault(tuple(get_settings(row, column) for column in SETTINGS), []).append(row)
    several = [found for found in alike.values() if len({get_settings(row, "source_sha256") for row in found}) > 1]
    return [
        f"{join_names([row.label for row in found])} are evaluations of different trainings or files: "
        "--columns source names them."
        for found in several
    ]


def _note_unfinished(rows: Sequence[Row]) -> str | None:
    if all(row.completed for row in rows):
        return None
    return "Rows that are not completed show what they reached; their accuracy and totals are compared with nothing."


def _note_endings(rows: Sequence[Row]) -> list[str]:
    """Why a run failed or was interrupted."""
    found = (
        f"{row.label} {run.status}: {run.reason}"
        for row in rows
        for run in row.runs
        if run.status in ("failed", "interrupted") and run.reason
    )
    return list(dict.fromkeys(found))


def _note_warnings(rows: Sequence[Row]) -> list[str]:
    """What the runs themselves want a reader to know, each warning once."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        for warning in dict.fromkeys(run.warnings for run in row.runs if run.warnings):
            labels.setdefault(warning, []).append(row.label)
    return [f"{join_names(names)}: {warning}" for warning, names in labels.items()]


def _note_synthetic(rows: Sequence[Row]) -> str | None:
    """Random labels: accuracy on them is luck. Measurements of speed have none."""
    learned = [row for row in rows if row.phase not in BY_THE_CLOCK]
    if not any(dataset == "synthetic" for row in learned for dataset in get_settings(row, "dataset")):
        return None
    return "Accuracy on synthetic data means nothing: its labels are random."
