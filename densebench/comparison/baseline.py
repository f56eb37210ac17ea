"""Which row is the baseline of which: by a row's name, a column's value, or a results file."""

import dataclasses
from collections.abc import Sequence

from densebench.comparison.grouping import FOUND, SETTINGS
from densebench.comparison.values import Row, get_settings
from densebench.errors import InputError, join_names, unknown
from densebench.models.variants import resolve_alias
from densebench.records import COLUMNS
from densebench.results.cells import write_plain


def mark_baseline(rows: Sequence[Row], wanted: str) -> list[Row]:
    """The rows with those marked that ``NAME`` or ``column=value`` names; raises :class:`InputError` if none."""
    measured = [row for row in rows if row.phase != "published"]
    chosen = _find_by_name(measured, wanted) or _find_by_value(measured, wanted)
    if not chosen:
        raise unknown("baseline", wanted, dict.fromkeys(name for row in measured for name in _names_of(row)))
    labels = {row.label for row in chosen}
    return [dataclasses.replace(row, is_baseline=row.label in labels) for row in rows]


def _names_of(row: Row) -> tuple[str, ...]:
    return row.label, *(run.run for run in row.runs), *(run.variant for run in row.runs)


def _find_by_name(rows: Sequence[Row], wanted: str) -> list[Row]:
    names = {wanted, resolve_alias(wanted)}
    return [row for row in rows if row.label == wanted] or [row for row in rows if names & set(_names_of(row))]


def _find_by_value(rows: Sequence[Row], wanted: str) -> list[Row]:
    column, sign, value = (part.strip() for part in wanted.partition("="))
    if not sign:
        return []
    allowed = [name for name, entry in COLUMNS.items() if entry.level != "epoch"]
    if column not in allowed:
        raise unknown("column for --baseline", column, allowed)
    chosen = [row for row in rows if [_text_of(found) for found in get_settings(row, column)] == [_text_of(value)]]
    if not chosen and column.endswith("_sha256") and value:
        chosen = _find_by_hash(rows, column, value)
    if not chosen:
        there = dict.fromkeys(_text_of(found) for row in rows for found in get_settings(row, column))
        raise unknown(f"value of {column} for --baseline", value, there)
    return chosen


def _find_by_hash(rows: Sequence[Row], column: str, beginning: str) -> list[Row]:
    """The rows of the one hash that begins so, as rows are named by the first letters of theirs."""
    hashes = {row.label: [_text_of(found) for found in get_settings(row, column)] for row in rows}
    known = {found for several in hashes.values() for found in several if found.startswith(beginning)}
    return [row for row in rows if len(known) == 1 and hashes[row.label] == [*known]]


def _text_of(value: object) -> str:
    return "" if value is None else write_plain(value)


def find_nearest(row: Row, baselines: Sequence[Row]) -> Row | None:
    """The baseline of the same phase and network that differs from the row in the fewest settings; None if several do.

    Where none is of the network, all must be of one. What somebody chose counts before versions and hardware: a later
    version of the same training is nearer than another batch size.
    """
    candidates = [baseline for baseline in baselines if baseline.phase == row.phase]
    variant = get_settings(row, "variant")
    candidates = [baseline for baseline in candidates if get_settings(baseline, "variant") == variant] or candidates
    if not candidates or len({get_settings(baseline, "variant") for baseline in candidates}) > 1:
        return None
    least = min(_measure_distance(row, baseline) for baseline in candidates)
    closest = [baseline for baseline in candidates if _measure_distance(row, baseline) == least]
    return closest[0] if len(closest) == 1 else None


def _measure_distance(row: Row, baseline: Row) -> tuple[int, int]:
    """In how many chosen settings they differ, and in how many others."""
    differing = [column for column in SETTINGS if get_settings(row, column) != get_settings(baseline, column)]
    found = sum(column in FOUND for column in differing)
    return len(differing) - found, found


def list_unmatched(rows: Sequence[Row]) -> list[Row]:
    """The rows that the baseline leaves without a counterpart, though it has some of their phase."""
    phases = {row.phase for row in rows if row.is_baseline}
    return [row for row in rows if row.phase in phases and not row.is_baseline and row.baseline is None]


def list_missing(rows: Sequence[Row]) -> list[Row]:
    """The rows of a baseline's file that none is held against: what was measured then is not there now."""
    compared = {row.baseline for row in rows}
    return [row for row in rows if row.is_baseline and row.label not in compared]


def describe_missing(missing: Sequence[Row]) -> str | None:
    """A sentence on such rows."""
    if not missing:
        return None
    return f"Nothing was given to compare with the baseline's {join_names([row.label for row in missing])}."


def describe_unmatched(rows: Sequence[Row]) -> str | None:
    """A sentence on the rows without a counterpart."""
    unmatched = list_unmatched(rows)
    if not unmatched:
        return None
    names = join_names([row.label for row in unmatched])
    return f"No single baseline row corresponds to {names}: name it more exactly, or give one of the same network."


def require_baselines(rows: Sequence[Row]) -> None:
    """A gate without anything to judge must not pass for a success."""
    if not any(row.baseline is not None for row in rows):
        raise InputError("--fail-on has nothing to judge: give results beside those of the baseline.")
