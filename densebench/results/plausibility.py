"""What a run can have measured: bounds of its numbers, times that go forward, and a row for each of its epochs.

A number beyond its bounds, or an elapsed time below an earlier one, is refused where the file is read. Rows that are
missing leave the others true, so such a run is read, but as one that is not completed.
"""

import dataclasses
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from densebench.columns import Column
from densebench.records import Run, Status
from densebench.results.target import find_first_reaching

if TYPE_CHECKING:
    import numpy as np

_NEVER_ZERO = ("epoch_seconds", "images_per_second")  # as all milliseconds: those of a step and of an inference


class Bounds(NamedTuple):
    """The least and the largest number of a column; ``nan`` is always allowed."""

    low: float
    high: float
    is_open: bool  # below: ``low`` itself is too little
    words: str

    def contain(self, value: float) -> bool:
        return (self.low < value if self.is_open else self.low <= value) and value <= self.high


_FRACTION = Bounds(0.0, 1.0, False, "a fraction between 0 and 1")
_ABOVE_ZERO = Bounds(0.0, float("inf"), True, "a number above 0")
_FROM_ZERO = Bounds(0.0, float("inf"), False, "a number that is not negative")


def get_bounds(column: Column) -> Bounds | None:
    """Of a column of numbers; None for those without a unit, such as a loss."""
    if column.about.show == "percent":
        return _FRACTION
    if column.about.show == "milliseconds" or column.name in _NEVER_ZERO:
        return _ABOVE_ZERO
    return _FROM_ZERO if column.about.unit else None


def find_decrease(values: "np.ndarray") -> int | None:
    """The place of the first value that is below the last known one before it; ``nan`` is unknown."""
    import numpy as np

    known = np.flatnonzero(~np.isnan(values))
    decreases = np.flatnonzero(values[known[1:]] < values[known[:-1]])
    return int(known[decreases[0] + 1]) if len(decreases) else None


def mark_incomplete(run: Run, epochs: Sequence[int | None]) -> Run:
    """The run as interrupted, with the reason, if it is a training and rows of epochs are missing.

    ``epochs`` are those of its rows, ascending; a single one may be unknown, and then nothing is known to be missing.
    """
    known = [] if None in epochs[:1] else typing.cast(Sequence[int], epochs)
    if run.phase != "train" or (run.records and not known):
        return run
    gaps = _find_gaps(known, _find_last_epoch(run, known))
    if not gaps:
        return run
    note = _describe_gaps(gaps)
    status: Status = "failed" if run.status == "failed" else "interrupted"
    said = run.reason or ""
    reason = said if note in said else "; ".join(part for part in (said, note) if part)
    return dataclasses.replace(run, status=status, reason=reason)


def _describe_gaps(gaps: Sequence[tuple[int, int]]) -> str:
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in gaps]
    shown = [*spans[:3], "more"] if len(spans) > 3 else spans
    is_one = len(gaps) == 1 and gaps[0][0] == gaps[0][1]
    return f"the results file lacks the {'row of epoch' if is_one else 'rows of epochs'} {', '.join(shown)}"


def _find_last_epoch(run: Run, epochs: Sequence[int]) -> int:
    """The epoch with which the run ended, as far as it says so."""
    last = epochs[-1] if epochs else 0
    if run.status != "completed" or run.epochs is None or run.epochs <= last or _stopped_at_target(run):
        return last
    return run.epochs


def _stopped_at_target(run: Run) -> bool:
    """Whether the last row is the first to reach the target: there ``--stop-at-target`` ends a run."""
    if run.target is None or not run.records:
        return False
    return find_first_reaching(run.records, run.target) is run.records[-1]


def _find_gaps(epochs: Sequence[int], last: int) -> list[tuple[int, int]]:
    """First and last epoch of each gap between 1 and ``last``; ``epochs`` ascend."""
    if len(epochs) == last:
        return []
    gaps = []
    before = 0
    for epoch in (*epochs, last + 1):
        if epoch > before + 1:
            gaps.append((before + 1, epoch - 1))
        before = epoch
    return gaps
