"""``runs/.sweeps/<sweep>/``: what a launcher was given, so that ``status`` can say what has come of it."""

import dataclasses
import datetime
import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench import files
from densebench.errors import InputError, ResultsError
from densebench.running.directory import run_directory
from densebench.running.directory_lock import is_in_use, lock_directory
from densebench.running.launchers.protocol import QueuedRun

_FOLDER = ".sweeps"  # no run's name begins with a dot
_FILE = "sweep.json"
_EVENTS = "{}.events"  # what happens in a run, one line of JSON each, where its process shares this folder
_STOP = "stop"  # there once the user has stopped the sweep: then nothing is queued again
OWNER_FILE = "owner"  # in the directory of a run: the sweep and the name that it was planned under


@dataclass(frozen=True, kw_only=True)
class SweepRun:
    """A run of a sweep, as it was planned."""

    name: str
    owner: str
    epochs: int
    runs_dir: str
    results_dir: str
    resumed: bool  # it had a directory before

    def find_directory(self) -> Path | None:
        """The directory that the run has claimed; ``None`` if it has none here yet."""
        if self.resumed:
            return run_directory(self.runs_dir, self.name)
        return find_owned(self.runs_dir, self.name, self.owner)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The runs of one command, and who makes them."""

    folder: Path
    launcher: str
    started: str  # in UTC, to the second
    runs: tuple[SweepRun, ...]
    job: str | None = None  # SLURM's number

    @property
    def name(self) -> str:
        """The date and a number that nobody else has."""
        return self.folder.name

    @property
    def is_attended(self) -> bool:
        """Whether the command that made it still goes on, on this machine."""
        return is_in_use(self.folder)

    @property
    def is_stopped(self) -> bool:
        """Whether the user has stopped it."""
        return self.stop_path.exists()

    @property
    def stop_path(self) -> Path:
        """A file that is there once it is stopped."""
        return self.folder / _STOP

    def stop(self) -> None:
        """Note that nothing is to be queued again."""
        self.stop_path.touch()

    def events_path(self, index: int) -> Path:
        """The file of what happens in the run of that number."""
        return self.folder / _EVENTS.format(index)

    def note_job(self, job: str) -> "Sweep":
        """The same sweep with SLURM's number, on disk too."""
        noted = dataclasses.replace(self, job=job)
        _write(noted)
        return noted


def find_owned(runs_dir: str, name: str, owner: str) -> Path | None:
    """The directory of that name, or of that name with a number, whose owner is this one."""
    for file in sorted(Path(runs_dir).glob(f"{name}*/{OWNER_FILE}")):
        try:
            if file.read_text() == owner:
                return file.parent
        except OSError:
            continue
    return None


@contextmanager
def open_sweep(launcher: str, runs: Sequence[QueuedRun]) -> Iterator[tuple[Sweep, list[QueuedRun]]]:
    """A new sweep, attended in the ``with`` block, and its runs with their owners. A refused one leaves nothing."""
    now = datetime.datetime.now(datetime.UTC)
    name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    owned = [dataclasses.replace(run, owner=f"{name}/{run.name}") for run in runs]
    sweep = Sweep(
        folder=Path(runs[0].task.config.runs_dir) / _FOLDER / name,
        launcher=launcher,
        started=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        runs=tuple(map(_describe, owned)),
    )
    try:
        sweep.folder.mkdir(parents=True)
        _write(sweep)
    except OSError as error:
        raise ResultsError(
            f"The runs directory cannot be written ({sweep.folder}: {error.strerror}): choose another with --runs-dir."
        ) from None
    try:
        with lock_directory(sweep.folder):
            yield sweep, owned
    except InputError:
        shutil.rmtree(sweep.folder, ignore_errors=True)
        raise


def _describe(queued: QueuedRun) -> SweepRun:
    config = queued.task.config
    return SweepRun(
        name=queued.name,
        owner=queued.owner,
        epochs=config.recipe.epochs,
        runs_dir=config.runs_dir,
        results_dir=config.results_dir,
        resumed=config.resume,
    )


def _write(sweep: Sweep) -> None:
    values = dataclasses.asdict(sweep)
    del values["folder"]
    files.replace(sweep.folder / _FILE, f"{json.dumps(values, indent=1)}\n".encode())


def read_sweeps(runs_dir: str | Path) -> list[Sweep]:
    """The sweeps of a folder of runs, the oldest first; raises :class:`ResultsError` for a damaged file."""
    return [_read(file) for file in sorted(Path(runs_dir).glob(f"{_FOLDER}/*/{_FILE}"))]


def _read(file: Path) -> Sweep:
    try:
        values: dict[str, Any] = json.loads(file.read_text())
        runs = tuple(SweepRun(**run) for run in values.pop("runs"))
        return Sweep(**values, runs=runs, folder=file.parent)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ResultsError(f"{file} is not the file of a sweep ({error}): remove its folder.") from None
