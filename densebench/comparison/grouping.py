"""Runs to rows: which differ in the seed alone, what is equal in all, what each is called, in which order."""

import dataclasses
import math
import typing
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from densebench.comparison.comparability import get_terms
from densebench.comparison.formats import format_setting
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.run_figures import Figures, compute_figures, find_repeats, summarise
from densebench.comparison.values import ON_ONE_DEVICE, Row, get_setting, get_settings
from densebench.errors import unknown
from densebench.machine import HARDWARE
from densebench.records import COLUMNS, Phase, Run

# Families of settings; in a family the columns further on are details of those before.
_DATA_FAMILY = (
    "dataset", "train_images", "validation_images", "test_images", "image_size", "classes", "dataset_sha256",
    "preprocessing",
)  # fmt: skip
_RECIPE_FAMILY = (
    "recipe", "base_learning_rate", "schedule", "optimizer", "momentum", "weight_decay", "label_smoothing",
    "augmentation", "recipe_text",
)  # fmt: skip
_VERSION_FAMILY = ("backend_version", "keras", "cuda", "cudnn", "densebench")
_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("variant_sha256",),
    _DATA_FAMILY,
    ("epochs",),
    ("batch_size",),
    _RECIPE_FAMILY,
    ("backend", *_VERSION_FAMILY),
    ("precision",),
    ("implementation",),
    ("recompute",),
    ("jit",),
    ("tf32",),
    ("deterministic",),
    ("target",),
    ("devices",),
    ("hosts",),
    ("batch_norm",),
    HARDWARE,
)
_PHASES = typing.get_args(Phase)
SETTINGS = ("phase", "variant", *(column for family in _FAMILIES for column in family))
FOUND = (*_VERSION_FAMILY, *HARDWARE)  # settings that come with the machine and its packages; the others are chosen
_APART = ("source_sha256",)  # no setting of an evaluation, but runs that differ in it are of different trainings
# The rest decides less, at least for most: runs that differ in it stand in one row, which says so.
_BESIDE = (
    "checkpoint_every", "launcher", "python", "numpy", "driver", "gpu_max_clock_mhz", "malloc", "platform", "commit",
    "host",
)  # fmt: skip


def group_runs(runs: Sequence[Run], options: CompareOptions, *, is_baseline: bool = False) -> list[Row]:
    """One row for each set of equal settings, in the order in which they first appear; its runs by seed."""
    columns = _choose_columns(options)
    figures = compute_figures(runs)
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, run in enumerate(runs):
        apart = (index,) if not options.group or run.phase == "published" else ()
        key = (*apart, *(get_setting(run, column) for column in columns))
        groups.setdefault(key, []).append(index)
    return [_make_row(runs, members, figures, columns, is_baseline=is_baseline) for members in groups.values()]


def _choose_columns(options: CompareOptions) -> tuple[str, ...]:
    """Training, evaluation and published figures never share a row, nor finished runs and unfinished ones."""
    if options.by is None:
        return (*SETTINGS, *_APART)
    allowed = [name for name, column in COLUMNS.items() if column.level != "epoch" and name not in METRICS]
    for column in options.by:
        if column not in allowed:
            raise unknown("column for --by", column, allowed)
    return tuple(dict.fromkeys(("phase", "status", *options.by)))


def _make_row(
    runs: Sequence[Run], members: Sequence[int], figures: Figures, columns: tuple[str, ...], *, is_baseline: bool
) -> Row:
    by_seed = sorted(members, key=lambda index: (runs[index].seed is None, runs[index].seed or 0))
    ordered = tuple(runs[index] for index in by_seed)
    open_columns = [column for column in (*SETTINGS, *_APART, *_BESIDE) if column not in columns]
    repeats = find_repeats(ordered)
    return Row(
        label=ordered[0].variant,
        phase=ordered[0].phase,
        runs=ordered,
        summaries=tuple(
            summarise(metric, _count_once(metric, [figures[name][index] for index in by_seed], repeats))
            for name, metric in METRICS.items()
        ),
        repeats=tuple(repeats),
        mixed=tuple(column for column in open_columns if len({get_setting(run, column) for run in ordered}) > 1),
        is_baseline=is_baseline,
    )


def _count_once(metric: Metric, values: Sequence[float | None], repeats: Collection[int]) -> Sequence[float | None]:
    """Without what a repeat learned, which is what the run before it did."""
    if metric.kind != "difference":
        return values
    return [None if place in repeats else value for place, value in enumerate(values)]


def find_differing(rows: Sequence[Row], families: Sequence[Sequence[str]] = _FAMILIES) -> tuple[str, ...]:
    """Settings that differ between rows, beside the variant; a family's details only if they distinguish more rows."""
    found: list[str] = []
    for family in families:
        coarse: list[tuple[object, ...]] = [()] * len(rows)
        for column in family:
            finer = [(*before, get_settings(row, column)) for before, row in zip(coarse, rows, strict=True)]
            if len(set(finer)) > len(set(coarse)):
                found.append(column)
                coarse = finer
    return tuple(found)


def find_shared(rows: Sequence[Row]) -> tuple[str, ...]:
    """Settings that are known and equal in all rows; a single device goes without saying."""
    columns = [column for column in SETTINGS if column not in ("phase", "variant", "variant_sha256")]
    return tuple(
        column
        for column in columns
        if len(values := {get_settings(row, column) for row in rows}) == 1
        and values not in ({(None,)}, {()}, {(ON_ONE_DEVICE.get(column),)})
    )


def name_rows(rows: Sequence[Row], options: CompareOptions) -> list[Row]:
    """The rows with labels of which no two are equal."""
    names = [_name_row(row, rows, options) for row in rows]
    seen: Counter[str] = Counter()
    found = []
    for row, name in zip(rows, names, strict=True):
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} #{seen[name]}"
        found.append(dataclasses.replace(row, label=label))
    return found


def _describe_setting(row: Row, column: str) -> str:
    """A word speaks for itself, a number needs its title: ``jax``, ``batch 32``; so does ``batch norm replica``."""
    text = format_setting(row, column)
    speaks = COLUMNS[column].type is str and column != "batch_norm"
    return text if speaks else f"{COLUMNS[column].about.title.lower()} {text}"


def _describe_settings(row: Row, alike: Sequence[Row]) -> Iterator[str]:
    """What tells a row from those alike; a recipe's text only where nothing else does, and of it what differs."""
    columns = find_differing(alike)
    others = [column for column in columns if column != "recipe_text"]
    yield from (_describe_setting(row, column) for column in others)
    known = {tuple(get_settings(one, column) for column in others) for one in alike}
    if "recipe_text" in columns and len(known) < len(alike):
        yield _describe_recipe(row, alike, shown=others)


def _describe_recipe(row: Row, alike: Sequence[Row], *, shown: Sequence[str]) -> str:
    """``nesterov = true``: the settings of a recipe that others have otherwise, but for those that are shown anyway."""
    texts = [text for one in alike for text in get_settings(one, "recipe_text") if text is not None]
    fields = [_list_fields(str(text)) for text in texts]
    names = [name for name in dict.fromkeys(chain(*fields)) if name not in shown]
    differing = [name for name in names if len({one.get(name) for one in fields}) > 1]
    own = [_list_fields(str(text)) for text in get_settings(row, "recipe_text") if text is not None]
    return ", ".join(f"{name} = {found[name]}" for found in own for name in differing if name in found)


def _list_fields(text: str) -> dict[str, str]:
    """Of a recipe as it is recorded, on one line: ``{epochs = 30, nesterov = true}``."""
    pairs = (field.partition(" = ") for field in text.strip("{}").split(", "))
    return {name: value for name, _, value in pairs}


def _name_row(row: Row, rows: Sequence[Row], options: CompareOptions) -> str:
    if not options.group or row.phase == "published":
        return row.runs[0].run
    variants = get_settings(row, "variant")
    alike = [other for other in rows if other.phase == row.phase and get_settings(other, "variant") == variants]
    parts = [format_setting(row, "variant"), *_describe_settings(row, alike)]
    if row.phase != min((other.phase for other in rows), key=_PHASES.index):
        parts.append(row.phase)
    if row.is_baseline and any(not other.is_baseline for other in alike):
        parts.append("baseline")
    return " · ".join(part for part in parts if part)


def find_leading(phase: Phase) -> Metric:
    """The metric that orders the rows of a phase."""
    return next(metric for metric in METRICS.values() if phase in metric.display.table.orders)


def order_rows(rows: Sequence[Row]) -> list[Row]:
    """Best first in the figure that its phase is ordered by, among rows that may be compared; unfinished ones last."""
    phases = dict.fromkeys(row.phase for row in rows)
    return [row for phase in phases for row in _order_phase([row for row in rows if row.phase == phase])]


def _order_phase(rows: Sequence[Row]) -> list[Row]:
    metric = find_leading(rows[0].phase)
    alike: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.completed:
            alike.setdefault(get_terms(metric, row), []).append(row)
    finished = [row for group in alike.values() for row in _sort_best_first(metric, group)]
    return [*finished, *(row for row in rows if not row.completed)]


def _sort_best_first(metric: Metric, rows: Sequence[Row]) -> list[Row]:
    """Rows without the figure last; equal ones as they were."""
    sign = -1 if metric.best == "high" else 1
    figures = [row.summary(metric.name).figure for row in rows]
    keys = [math.inf if figure is None else sign * figure for figure in figures]
    return [row for _, row in sorted(zip(keys, rows, strict=True), key=lambda entry: entry[0])]
