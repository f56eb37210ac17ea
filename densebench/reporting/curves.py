"""The curves of a row: one a seed, by epoch and by wall time."""

from dataclasses import dataclass

from densebench.errors import unknown
from densebench.records import COLUMNS
from densebench.reporting.rows import Row


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One epoch column of one run; the three tuples are of one length, unknown values None."""

    run: str
    seed: int | None
    epochs: tuple[int, ...]
    seconds: tuple[float | None, ...]  # elapsed_seconds
    values: tuple[float | None, ...]


def curves(row: Row, column: str) -> tuple[Curve, ...]:
    """The curves of an epoch column, one a run that has epochs, in the order of the row's runs."""
    if column not in COLUMNS or COLUMNS[column].level != "epoch":
        raise unknown("epoch column", column, [name for name in COLUMNS if COLUMNS[name].level == "epoch"])
    found = []
    for run in row.runs:
        records = [record for record in run.records if record.epoch is not None]
        if records:
            found.append(
                Curve(
                    run=run.run,
                    seed=run.seed,
                    epochs=tuple(record.epoch for record in records if record.epoch is not None),
                    seconds=tuple(record.elapsed_seconds for record in records),
                    values=tuple(getattr(record, column) for record in records),
                )
            )
    return tuple(found)
