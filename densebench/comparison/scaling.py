"""What several devices give: the images a second of a row against those of the same work on one of them."""

import dataclasses
from collections.abc import Sequence

from densebench.comparison.formats import describe_difference
from densebench.comparison.grouping import SETTINGS
from densebench.comparison.judging.contrasts import contrast
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import ON_ONE_DEVICE, Row, Scaling, count_devices, get_settings

_FIGURE = METRICS["images_per_second"]
# The devices of a CPU share its threads, and PyTorch has threads of its own for each.
_MAY_DIFFER = (*ON_ONE_DEVICE, "threads")


def mark_scaling(rows: Sequence[Row]) -> list[Row]:
    """The rows on several devices with their scaling, where there is one of one device; that has it too."""
    references = [_find_reference(row, rows) for row in rows]
    used = {id(reference) for reference in references}
    return [
        dataclasses.replace(row, scaling=_compare(row, row if id(row) in used else reference))
        for row, reference in zip(rows, references, strict=True)
    ]


def note_unscaled(rows: Sequence[Row]) -> list[str]:
    """Why a row has no scaling though its network was measured on one device."""
    notes = []
    for row in rows:
        if row.scaling is not None or (_count(row) or 1) == 1 or not _has_figure(row):
            continue
        others = [one for one in rows if _is_single(one) and _is_same_network(row, one)]
        differing = [_list_differing(row, one) for one in others]
        if differing:
            columns = describe_difference(min(differing, key=len))
            notes.append(f"{row.label} has no scaling efficiency: {columns} between it and the row of one device.")
    return notes


def _compare(row: Row, reference: Row | None) -> Scaling | None:
    devices = _count(row)
    if reference is None or devices is None:
        return None
    if row is reference:
        return Scaling(devices=1, reference=row.label, ratio=1.0, interval=None)
    found = contrast(_FIGURE, row, reference, despite=_MAY_DIFFER)
    if found.estimate is None:
        return None
    interval = None if found.too_few else found.interval
    return Scaling(devices=devices, reference=reference.label, ratio=found.estimate, interval=interval)


def _find_reference(row: Row, rows: Sequence[Row]) -> Row | None:
    """The row of one device that a row on several is measured by: with the same settings, on the same hardware."""
    if _count(row) in (None, 1) or not _has_figure(row):
        return None
    alike = [one for one in rows if _is_single(one) and not _list_differing(row, one)]
    return max(alike, key=lambda one: _rate(row, one), default=None)


def _rate(row: Row, one: Row) -> tuple[bool, bool, int]:
    """Of several the one with as many threads, then that of the same file, then the one with most threads."""
    threads = get_settings(row, "threads") == get_settings(one, "threads")
    return threads, row.is_baseline == one.is_baseline, _count_threads(one) or 0


def _list_differing(row: Row, one: Row) -> list[str]:
    """Settings that must be equal; one device may have more threads than each of several, but not fewer."""
    found = [
        column
        for column in SETTINGS
        if column not in _MAY_DIFFER and get_settings(row, column) != get_settings(one, column)
    ]
    ours, theirs = _count_threads(row), _count_threads(one)
    return [*found, "threads"] if ours is not None and theirs is not None and theirs < ours else found


def _is_same_network(row: Row, one: Row) -> bool:
    return all(get_settings(row, column) == get_settings(one, column) for column in ("phase", "variant"))


def _is_single(row: Row) -> bool:
    return _count(row) == 1 and _has_figure(row)


def _has_figure(row: Row) -> bool:
    return row.phase != "published" and row.completed and (row.summary(_FIGURE.name).figure or 0.0) > 0


def _count(row: Row) -> int | None:
    """Devices of all hosts; ``None`` where the runs of a row differ in it."""
    found = {count_devices(run) for run in row.runs}
    return found.pop() if len(found) == 1 else None


def _count_threads(row: Row) -> int | None:
    return max((run.threads for run in row.runs if run.threads is not None), default=None)
