"""Whether figures of two rows may be compared, and where their environments differ."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

from densebench.comparison.formats import describe_difference
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import EnvironmentDifference, Row, get_settings, get_shares
from densebench.errors import join_names
from densebench.machine import HARDWARE, Environment
from densebench.records import COLUMNS
from densebench.units import format_value

_ENVIRONMENT = tuple(entry.name for entry in dataclasses.fields(Environment))


def find_obstacles(metric: Metric, row: Row, other: Row) -> tuple[str, ...]:
    """Columns that differ though the metric needs them equal; hardware counts as a mark, not as an obstacle.

    Who compares machines wants the figure all the same. The number of devices and hosts is an obstacle: it is a choice
    of whoever starts the run, a ratio of times would let more devices win for a better network, memory is that of one
    device and energy that of all. What more devices give has a figure of its own, the scaling efficiency.
    """
    found = tuple(column for column in _list_unequal(metric, row, other) if column not in HARDWARE)
    unfinished = metric.needs_end and not (row.completed and other.completed)
    return (*found, "status") if unfinished else found


def is_across_hardware(metric: Metric, row: Row, other: Row) -> bool:
    """Whether a time, a memory or an energy is compared across machines."""
    return any(column in HARDWARE for column in _list_unequal(metric, row, other))


def _list_unequal(metric: Metric, row: Row, other: Row) -> list[str]:
    """Columns that differ; of rows that mix several values, also those in which the same values have other shares."""
    return [column for column in metric.requires_equal if get_shares(row, column) != get_shares(other, column)]


def get_terms(metric: Metric, row: Row) -> tuple[object, ...]:
    """What two rows must have equal for their figures to be compared; an unfinished row equals no other."""
    unfinished = metric.needs_end and not row.completed
    return (id(row) if unfinished else None, *(get_shares(row, column) for column in metric.requires_equal))


def find_environment_differences(rows: Sequence[Row]) -> tuple[EnvironmentDifference, ...]:
    """Every column of the environment, and the threads, in which the rows differ or are mixed."""
    found = []
    for column in (*_ENVIRONMENT, "threads"):
        by_value: dict[str, list[str]] = {}
        for row in rows:
            for value in get_settings(row, column):
                by_value.setdefault(format_value(COLUMNS[column].about.show, value), []).append(row.label)
        if len(by_value) > 1:
            values = tuple((text, tuple(labels)) for text, labels in by_value.items())
            found.append(EnvironmentDifference(column=column, values=values))
    return tuple(found)


def note_hardware(rows: Sequence[Row]) -> str | None:
    """A sentence if the rows ran on different hardware."""
    columns = [column for column in HARDWARE if len({get_shares(row, column) for row in rows}) > 1]
    if not columns:
        return None
    return (
        f"≠ marks times, memory and energy across different hardware ({describe_difference(columns)}): "
        "they compare machines as much as networks."
    )


def note_mixed(rows: Sequence[Row]) -> str | None:
    """A sentence if a row holds runs that differ in more than the seed."""
    columns = dict.fromkeys(column for row in rows for column in row.mixed)
    if not columns:
        return None
    return f"Some rows hold runs that differ in {join_names(list(columns))}, not in the seed alone."


def note_seeds(rows: Sequence[Row]) -> Iterator[str]:
    """Sentences on rows of trainings or evaluations in which a seed stands more than once."""
    for row in (row for row in rows if row.phase in ("train", "eval")):
        if row.repeats:
            runs = "1 run repeats" if len(row.repeats) == 1 else f"{len(row.repeats)} runs repeat"
            yield (
                f"{row.label}: {runs} another of the same seed to the last digit, such as "
                f"{row.runs[row.repeats[0]].run}; accuracy and loss count once."
            )
        seeds = Counter(run.seed for place, run in enumerate(row.runs) if place not in row.repeats)
        several = sorted(seed for seed, count in seeds.items() if seed is not None and count > 1)
        if several and not row.mixed:
            named = f"seed{'s' if len(several) > 1 else ''} {join_names([str(seed) for seed in several])}"
            yield f"{row.label}: several runs have the {named}; each counts, and none is paired by its seed."


def note_unknown(rows: Sequence[Row]) -> Iterator[str]:
    """Sentences on means of fewer runs than their row has, of metrics in the table of its phase."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for metric in METRICS.values():
            runs = len(row.runs) - (len(row.repeats) if metric.kind == "difference" else 0)
            if row.phase in metric.display.table.places and 0 < row.summary(metric.name).n < runs:
                found.setdefault(metric.title, []).append(row.label)
    for title, labels in found.items():
        yield f"{title} of {join_names(labels)} is not known of every run: the mean is that of the others."
