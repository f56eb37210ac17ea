"""A results file: one run or several, written whole and atomically, read by pandas with every doubt named."""

import dataclasses
import math
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from densebench.errors import ResultsError
from densebench.files import create, remove_stale, replace
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results.cells import encode
from densebench.results.checked_rows import describe_run, read_rows
from densebench.results.epoch_table import EpochTable
from densebench.results.plausibility import find_decrease, mark_incomplete
from densebench.results.uniform_file import UniformFile, parse_epochs, split

if TYPE_CHECKING:
    import numpy as np

_BATCH_BYTES = 16 * 2**20  # of epochs that pandas parses in one go: enough to hide what a call costs


def format_runs(runs: Iterable[Run]) -> str:
    """A whole results file: the header, then one row an epoch, run after run."""
    return "".join(f"{line}\n" for line in [",".join(COLUMNS), *(line for run in runs for line in _format_rows(run))])


def _format_rows(run: Run) -> Iterator[str]:
    shared = {
        name: encode(column, getattr(run if column.level == "run" else run.environment, name))
        for name, column in COLUMNS.items()
        if column.level != "epoch"
    }
    for record in run.records or (EpochRecord(),):
        yield ",".join(
            shared[name] if name in shared else encode(column, getattr(record, name))
            for name, column in COLUMNS.items()
        )


def write(run: Run, path: str | Path) -> None:
    """Replace the run's file by what is true now.

    At every moment the file is the old one or the new one, whole. Raises :class:`ResultsError` when the new one could
    not be written; the old one then stands.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path)  # a run has one writer
        replace(path, _encode(run))
    except OSError as error:
        raise _make_write_error(path, error) from None


def write_new(run: Run, path: Path) -> bool:
    """Write the file of a new run; false where there is one, which then stays. Raises :class:`ResultsError`."""
    try:
        with create(path) as file:
            file.write(_encode(run))
    except FileExistsError:
        return False
    except OSError as error:
        raise _make_write_error(path, error) from None
    return True


def _encode(run: Run) -> bytes:
    return format_runs([run]).encode(errors="backslashreplace")


def _make_write_error(path: Path, error: OSError) -> ResultsError:
    return ResultsError(f"{path} cannot be written ({error.strerror}): make room, or choose another --results-dir.")


class _Pending(NamedTuple):
    """A file whose epochs wait to be parsed together with those of others."""

    path: Path
    file: UniformFile


def read(path: str | Path) -> list[Run]:
    """The runs of a file, in its order; raises :class:`ResultsError`. Columns that it lacks are unknown."""
    return next(read_files([Path(path)]))


def read_files(paths: Iterable[Path]) -> Iterator[list[Run]]:
    """The runs of each file; raises :class:`ResultsError` for the first that cannot be read."""
    pending: list[_Pending] = []
    for path in paths:
        file = split(_read_bytes(path))
        if pending and (file is None or not _fits(file, pending)):
            yield from _read_pending(pending)
            pending = []
        if file is None:
            yield _read_row_by_row(path)
        else:
            pending.append(_Pending(path, file))
    yield from _read_pending(pending)


def _fits(file: UniformFile, pending: Sequence[_Pending]) -> bool:
    size = sum(len(each.file.epochs) for each in pending)
    return file.epoch_columns == pending[0].file.epoch_columns and size + len(file.epochs) <= _BATCH_BYTES


def _read_bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ResultsError(f"{path} is not a file: give results files, or a folder that holds some.")
        return path.read_bytes()
    except OSError as error:
        raise _make_access_error(path, error) from None


def _read_row_by_row(path: Path) -> list[Run]:
    try:
        return read_rows(path)
    except OSError as error:
        raise _make_access_error(path, error) from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path} is not UTF-8 text: give files that densebench wrote.") from None


def _make_access_error(path: Path, error: OSError) -> ResultsError:
    return ResultsError(f"{path} cannot be read ({error.strerror}): check its name and permissions.")


def _read_pending(pending: Sequence[_Pending]) -> Iterator[list[Run]]:
    if not pending:
        return
    frame = parse_epochs(pending[0].file.epoch_columns, b"".join(each.file.epochs for each in pending))
    if frame is None:  # one file that does not fit must not slow the others down
        alone = len(pending) == 1
        for each in pending:
            yield from [_read_row_by_row(each.path)] if alone else _read_pending([each])
        return
    epochs = frame["epoch"].to_numpy(dtype="int64", na_value=0)
    elapsed = frame["elapsed_seconds"].to_numpy(dtype="float64", na_value=math.nan)
    start = 0
    for path, file in pending:
        stop = start + file.rows
        if _is_in_order(epochs[start:stop], elapsed[start:stop]):
            yield [_make_run(path, file, EpochTable(frame, start, stop), epochs[start:stop])]
        else:
            yield _read_row_by_row(path)
        start = stop


def _make_run(path: Path, file: UniformFile, table: EpochTable, epochs: "np.ndarray") -> Run:
    """A single row without any epoch value stands for a run that has no epoch yet."""
    no_epoch = len(table) == 1 and bool(table.frame.isna().all(axis=None))
    records = EpochTable(table.source, table.start, table.start) if no_epoch else table
    run = dataclasses.replace(describe_run(path, 2, file.description), records=records)
    return mark_incomplete(run, [int(epochs[0]) or None] if len(epochs) == 1 else range(1, len(epochs) + 1))


def _is_in_order(epochs: "np.ndarray", elapsed: "np.ndarray") -> bool:
    """Whether the epochs count from 1 on and time never goes back, as in densebench's files; one row need no epoch."""
    counted = len(epochs) == 1 or bool((epochs == range(1, len(epochs) + 1)).all())
    return counted and find_decrease(elapsed) is None
