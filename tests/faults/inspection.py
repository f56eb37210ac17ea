"""Compares what a run has on disk with the same run without interruption."""

import dataclasses
import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from densebench.config import from_json
from densebench.errors import DensebenchError
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results import csv_file
from densebench.training.checkpoints import description, file
from densebench.training.checkpoints.file import Damaged

NEWEST, PREVIOUS = "checkpoint.npz", "checkpoint-previous.npz"
# All columns except measurements (time, memory, power) and those that identify one start of a run.
MEASURED = {name for name, column in COLUMNS.items() if column.about.show in ("seconds", "milliseconds", "joules")}
MEASURED |= {"images_per_second", "host_peak_bytes", "gpu_clock_mhz"}
OF_A_START = {"run", "status", "reason", "warnings", "started", "command", "resumed", "commit"}
OF_A_START |= {"model_file_bytes", "checkpoint_file_bytes"}  # their sizes vary with the times in their JSON
DECIDED = [name for name in COLUMNS if name not in MEASURED | OF_A_START]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The uninterrupted run: its row and the SHA-256 of its variables after every epoch."""

    run: Run
    states: tuple[str, ...]
    model: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is on disk: finished epochs, checkpoints, and what is wrong with them."""

    rows: int = 0
    status: str | None = None
    newest: int | None = None  # epoch of each checkpoint
    previous: int | None = None
    torn: tuple[str, ...] = ()  # files that a killed writer left unfinished beside the real ones
    unreadable: tuple[str, ...] = ()
    different: tuple[str, ...] = field(default=())

    @property
    def checkpoint(self) -> int:
        """The epoch after which a resumed run continues."""
        return self.newest if self.newest is not None else self.previous or 0


def inspect(folder: Path, reference: Reference) -> Found:
    """Read all files of run ``r`` in ``folder``."""
    directory, csv = folder / "runs" / "r", folder / "results" / "r.csv"
    unreadable: list[str] = []
    different: list[str] = []
    run = _check_row(csv, reference, unreadable, different)
    newest, previous = (
        _check_checkpoint(directory / name, reference, unreadable, different) for name in (NEWEST, PREVIOUS)
    )
    if (directory / "config.json").exists():
        try:
            from_json((directory / "config.json").read_text())
        except DensebenchError:
            unreadable.append("config.json")
    torn = [*directory.glob(".checkpoint*"), *csv.parent.glob(f".{csv.name}*")]
    return Found(
        rows=len(run.records) if run else 0,
        status=run.status if run else None,
        newest=newest,
        previous=previous,
        torn=tuple(path.name for path in torn),
        unreadable=tuple(unreadable),
        different=tuple(different),
    )


def read_reference(folder: Path, kept: Path) -> Reference:
    """Read the reference from an uninterrupted run ``r`` in ``folder`` whose checkpoints are linked into ``kept``."""
    (run,) = csv_file.read(folder / "results" / "r.csv")
    states = tuple(read_state(kept / f"{epoch}.npz")[1] for epoch in range(1, len(run.records) + 1))
    return Reference(run=run, states=states, model=hash_model_weights(folder))


def read_state(path: Path) -> tuple[description.Description, str]:
    """Read a checkpoint's description and hash its arrays; raises :class:`Damaged` or ``FileNotFoundError``."""
    contents = file.read(path)
    sha256 = hashlib.sha256()
    for array in contents.arrays:
        sha256.update(f"{array.dtype.str} {array.shape}".encode())
        sha256.update(array.tobytes())
    return description.from_json(contents.description), sha256.hexdigest()


def hash_model_weights(folder: Path) -> str:
    """Hash the weights in the finished model (SHA-256)."""
    with zipfile.ZipFile(folder / "runs" / "r" / "model.keras") as archive:
        return hashlib.sha256(archive.read("model.weights.h5")).hexdigest()


def find_final_differences(folder: Path, reference: Reference) -> list[str]:
    """List how a run that has ended differs from the uninterrupted one."""
    found = inspect(folder, reference)
    wrong = [*found.unreadable, *found.different, *found.torn]
    if (found.status, found.rows) != ("completed", len(reference.states)):
        wrong.append(f"ended {found.status} with {found.rows} epochs")
    if found.newest != len(reference.states):
        wrong.append(f"its newest checkpoint is of epoch {found.newest}")
    if not wrong and hash_model_weights(folder) != reference.model:
        wrong.append("other weights in model.keras")
    return wrong


def _check_row(csv: Path, reference: Reference, unreadable: list[str], different: list[str]) -> Run | None:
    if not csv.exists():
        return None
    try:
        (run,) = csv_file.read(csv)
    except (DensebenchError, ValueError) as error:
        unreadable.append(f"{csv.name}: {error}")
        return None
    different += [f"CSV: {what}" for what in _compare_records(run.records, reference.run.records)]
    if run.records:  # before its first epoch some of a run's columns are empty
        different += [f"CSV: {name}" for name in _compare_runs(run, reference.run)]
    return run


def _check_checkpoint(path: Path, reference: Reference, unreadable: list[str], different: list[str]) -> int | None:
    try:
        found, state = read_state(path)
    except FileNotFoundError:
        return None
    except Damaged as damage:
        unreadable.append(f"{path.name}: {damage}")
        return None
    if state != reference.states[found.epoch - 1]:
        different.append(f"{path.name}: other variables after epoch {found.epoch}")
    different += [f"{path.name}: {what}" for what in _compare_records(found.records, reference.run.records)]
    return found.epoch


def _compare_records(records: tuple[EpochRecord, ...], expected: tuple[EpochRecord, ...]) -> list[str]:
    if len(records) > len(expected):
        return [f"{len(records)} epochs where the run has {len(expected)}"]
    names = [entry.name for entry in dataclasses.fields(EpochRecord) if entry.name in DECIDED]
    return [
        f"{name} of epoch {epoch} is {getattr(one, name)}, not {getattr(other, name)}"
        for epoch, (one, other) in enumerate(zip(records, expected, strict=False), 1)
        for name in names
        if getattr(one, name) != getattr(other, name)
    ]


def _compare_runs(run: Run, expected: Run) -> list[str]:
    owners = ((run, expected), (run.environment, expected.environment))
    return [
        f"{entry.name} is {getattr(one, entry.name)}, not {getattr(other, entry.name)}"
        for one, other in owners
        for entry in dataclasses.fields(one)
        if entry.name in DECIDED and getattr(one, entry.name) != getattr(other, entry.name)
    ]
