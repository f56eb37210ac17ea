"""What several devices give: the images a second of a row against those of the same work on one of them."""

import dataclasses
from collections.abc import Sequence

from densebench.comparison.formats import describe_difference
from densebench.comparison.grouping import SETTINGS
from densebench.comparison.judging.contrasts import contrast
from densebench.comparison.metrics import METRICS
from densebench.comparison.values import ON_ONE_DEVICE, Row, Scaling, count_devices, get_settings
from densebench.errors import join_names

_FIGURE = METRICS["images_per_second"]
# The devices of a CPU share its threads, and PyTorch has threads of its own for each.
_MAY_DIFFER = (*ON_ONE_DEVICE, "threads")
_EQUAL = tuple(column for column in SETTINGS if column not in _MAY_DIFFER)


def mark_scaling(rows: Sequence[Row]) -> list[Row]:
    """The rows on several devices with their scaling, where there is one of one device; that has it too."""
    several = [row for row in rows if (_count(row) or 1) > 1 and _has_figure(row)]
    if not several:
        return list(rows)
    alone: dict[tuple[object, ...], list[Row]] = {}
    for row in filter(_is_single, rows):
        alone.setdefault(_get_terms(row), []).append(row)
    references = {id(row): _choose(row, alone.get(_get_terms(row), ())) for row in several}
    references |= {id(one): one for one in references.values() if one is not None}
    return [dataclasses.replace(row, scaling=_compare(row, references.get(id(row)))) for row in rows]


def note_unscaled(rows: Sequence[Row]) -> list[str]:
    """Why rows on several devices have no scaling though their networks were measured on one."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        if row.scaling is None and (_count(row) or 1) > 1 and _has_figure(row):
            others = [one for one in rows if _is_single(one) and _is_same_network(row, one)]
            if others:
                reason = describe_difference(min((_list_differing(row, one) for one in others), key=len))
                labels.setdefault(reason, []).append(row.label)
    return [_write_note(names, reason) for reason, names in labels.items()]


def _write_note(labels: Sequence[str], reason: str) -> str:
    has, them, row = ("has", "it", "row") if len(labels) == 1 else ("have", "them", "rows")
    return f"{join_names(labels)} {has} no scaling efficiency: {reason} between {them} and the {row} of one device."


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


def _choose(row: Row, alike: Sequence[Row]) -> Row | None:
    """Of rows of one device with the same settings the one that a row on several is measured by.

    It has as many threads if any has, is from the same file, and has the most threads.
    """

    def rate(one: Row) -> tuple[bool, bool, int]:
        has_as_many = get_settings(row, "threads") == get_settings(one, "threads")
        return has_as_many, row.is_baseline == one.is_baseline, _count_threads(one) or 0

    return max((one for one in alike if not _lacks_threads(row, one)), key=rate, default=None)


def _get_terms(row: Row) -> tuple[object, ...]:
    return tuple(get_settings(row, column) for column in _EQUAL)


def _list_differing(row: Row, one: Row) -> list[str]:
    found = [column for column in _EQUAL if get_settings(row, column) != get_settings(one, column)]
    return [*found, "threads"] if _lacks_threads(row, one) else found


def _lacks_threads(row: Row, one: Row) -> bool:
    """One device may have more threads than each of several, but not fewer."""
    ours, theirs = _count_threads(row), _count_threads(one)
    return ours is not None and theirs is not None and theirs < ours


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
