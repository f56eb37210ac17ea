"""What keeps a table that ``compare --format csv`` wrote from being a record: it has means over runs and no curve."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from densebench.columns import Column
from densebench.comparison.metrics import METRICS
from densebench.errors import ResultsError
from densebench.records import BY_THE_CLOCK, COLUMNS
from densebench.reporting.export import list_csv_columns
from densebench.results.cells import Misfit, decode
from densebench.sharing.required import (
    FORMS,
    MEASURED,
    check_command,
    check_form,
    explain_phase,
    explain_unknown,
    list_required,
)

OWN_COLUMNS = ("label", "run_count", "runs", "seeds", "epochs_recorded")  # by which such a table is known
_BETWEEN = ", "  # the values of a row whose runs differ
_OF_RUNS = {"seed": "seeds"}  # columns of a run that stand for all runs of a row under another name
_ENDINGS = ("_deviation", "_low", "_high", "_n")  # of a metric's column: what is said of its mean


class TableRow(NamedTuple):
    """A row of the table: its line, and the value of every filled cell by its column."""

    line: int
    values: Mapping[str, Any]


def read_table(path: Path) -> list[TableRow]:
    """The rows of a table; raises :class:`ResultsError` for unknown columns and for cells that do not fit theirs."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            _check_header(path, header)
            return [_read_row(path, reader.line_num, header, cells) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ResultsError(f"{path} cannot be read as a table of compare ({error}).") from None


def _check_header(path: Path, header: Sequence[str]) -> None:
    known = list_csv_columns()
    if unknown := [name for name in header if name not in known]:
        raise ResultsError(f"{path}, line 1: unknown columns: {', '.join(unknown)}.")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise ResultsError(f"{path}, line 1: columns that stand twice: {', '.join(twice)}.")


def _read_row(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> TableRow:
    if len(cells) != len(header):
        raise ResultsError(f"{path}, line {line}: it has {len(cells)} cells under {len(header)} columns.")
    try:
        return TableRow(line, {name: _decode(name, cell) for name, cell in zip(header, cells, strict=True) if cell})
    except (Misfit, ValueError) as error:
        raise ResultsError(f"{path}, line {line}: {error}.") from None


def _decode(name: str, cell: str) -> Any:
    """A setting or a mean within the bounds of its column; anything else as it stands."""
    if name in ("run_count", "epochs_recorded") or name.endswith("_n"):
        return int(cell)
    column = COLUMNS.get(METRICS[name].column if name in METRICS else name)
    if column is None or (name in METRICS and column.type is int):  # a mean of counts need not be whole
        return float(cell) if name in METRICS or name.endswith(_ENDINGS) else cell
    return _decode_column(column, cell)


def _decode_column(column: Column, cell: str) -> Any:
    (value,) = decode(column, [cell])
    return value


def check_row(row: TableRow) -> Iterator[str]:
    """A sentence without its end for everything that is wrong with a row."""
    found, phase = row.values, str(row.values.get("phase", ""))
    if phase not in MEASURED:
        yield explain_phase(phase)
        return
    if found.get("status") != "completed":
        yield f"its status is {found.get('status')}, and a record is completed"
    missing = [name for name in _list_required(phase, found.get("device_kind")) if _is_unknown(name, found.get(name))]
    if missing:
        yield explain_unknown(missing)
        return
    texts = [check_form(name, text) for name in FORMS for text in str(found[name]).split(_BETWEEN)]
    yield from (text for text in (*texts, check_command(found["command"], phase, found["dataset"])) if text)
    yield from _check_runs(found, phase)
    if phase == "train":
        yield from _check_training(found)


def _list_required(phase: str, device_kind: object) -> list[str]:
    """What a record of the phase must have, as far as such a table has it at all."""
    columns = list_csv_columns()
    named = [_OF_RUNS.get(name, name) for name in list_required(phase, device_kind)]
    return list(dict.fromkeys([*OWN_COLUMNS, *(name for name in named if name in columns)]))


def _is_unknown(name: str, value: object) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value) and not name.endswith("_loss"))


def _check_runs(found: Mapping[str, Any], phase: str) -> Iterator[str]:
    """Every mean that a record needs is of all runs of the row."""
    count = found["run_count"]
    if len(found["runs"].split(_BETWEEN)) != count:
        yield f"run_count is {count}, but its runs are {found['runs']}"
    for name in METRICS:
        if name in _list_required(phase, found["device_kind"]) and found.get(f"{name}_n") != count:
            yield f"{name} is of {found.get(f'{name}_n', 0)} of its {count} runs"
    if phase not in BY_THE_CLOCK and found["dataset"] == "synthetic":
        yield "its dataset is synthetic: accuracy on random labels means nothing"


def _check_training(found: Mapping[str, Any]) -> Iterator[str]:
    """What must hold between the figures though there is no curve; means only bound what single runs did."""
    target, seconds = found.get("target"), found.get("time_to_target_seconds")
    best = found.get("best_test_accuracy", math.nan)
    if found["epochs_recorded"] < found["epochs"] and (target is None or seconds is None or math.isinf(seconds)):
        yield f"a run of it has {found['epochs_recorded']} of {found['epochs']} epochs"
    if found["epochs_recorded"] > found["epochs"]:
        yield f"a run of it has {found['epochs_recorded']} epochs of {found['epochs']}"
    if found["total_seconds"] < found["epoch_seconds"] * found["epochs_recorded"] / 2:
        yield "total_seconds is less than half of its epochs take at least"
    if target is None:
        if seconds is not None:
            yield "it has a time_to_target_seconds without a target"
        return
    if seconds is None:
        yield "it has a target and no time_to_target_seconds, which is inf where a run did not reach it"
    elif math.isfinite(seconds) and not (seconds <= found["total_seconds"] and best >= target):
        yield (
            f"time_to_target_seconds is {seconds!r}, but its runs took {found['total_seconds']!r} s "
            f"and were at best at {best!r}, with a target of {target!r}"
        )
    elif math.isinf(seconds) and found["run_count"] == 1 and best >= target:
        yield f"it says that its run missed the target of {target!r}, but that was at best at {best!r}"
