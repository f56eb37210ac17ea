"""What has come of the runs of sweeps, by their files and by what SLURM says."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from densebench.config import RUNS_DIR, find_base
from densebench.errors import DensebenchError, InputError
from densebench.records import Run
from densebench.reporting.sweep_grid import SweepRow
from densebench.results import csv_file, store
from densebench.running.directory import CONFIG_FILE, read_config
from densebench.running.directory_lock import is_in_use
from densebench.running.launchers.slurm.queue import read_queue
from densebench.running.launchers.sweep import Sweep, SweepRun, read_sweeps

_QUEUED = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "CONFIGURING", "SUSPENDED")
_Queue = dict[int, tuple[str, str]] | None  # state and node by number; None: SLURM does not answer


def list_states(folders: Sequence[str | Path]) -> list[SweepRow]:
    """Every run of the sweeps in these folders of runs, then those of no sweep that are not complete.

    Raises :class:`InputError` for a folder that does not exist.
    """
    return [row for folder in folders or [RUNS_DIR] for row in _list_folder(Path(folder))]


def _list_folder(folder: Path) -> list[SweepRow]:
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}: name the --runs-dir of the runs.")
    sweeps = [_place(sweep, folder) for sweep in read_sweeps(folder)]
    rows: dict[Path, SweepRow] = {}
    for sweep in sweeps:
        queue = read_queue(sweep.job) if sweep.launcher == "slurm" and sweep.job else None
        for index, run in enumerate(sweep.runs):
            directory = run.find_directory()
            # a run that a later sweep has continued, or has started instead, is shown there
            place = directory or Path(run.name)
            for earlier in (place, Path(run.name)):
                rows.pop(earlier, None)
            rows[place] = _describe(sweep, index, run, directory, queue)
    return [*rows.values(), *_list_others(folder, rows)]


def _place(sweep: Sweep, folder: Path) -> Sweep:
    """The sweep with its paths from here: they are recorded from where it was started."""
    runs = []
    for run in sweep.runs:
        base = find_base(folder.absolute(), run.runs_dir)
        here = run if base is None else replace(run, runs_dir=str(folder), results_dir=str(base / run.results_dir))
        runs.append(here)
    return replace(sweep, runs=tuple(runs))


def _describe(sweep: Sweep, index: int, run: SweepRun, directory: Path | None, queue: _Queue) -> SweepRow:
    row = _read_row(run.results_dir, directory.name) if directory else None
    state, node = queue.get(index, ("", "")) if queue else ("", "")
    found = _find_state(sweep, row, directory, state, queue is not None)
    return SweepRow(
        run=directory.name if directory else run.name,
        state=found,
        finished=len(row.records) if row else 0,
        epochs=run.epochs,
        test_accuracy=row.records[-1].test_accuracy if row and row.records else None,
        where=(node or None) if found == "running" else None,
        launcher=sweep.launcher,
        sweep=sweep.name,
        job=f"{sweep.job}_{index}" if sweep.job and len(sweep.runs) > 1 else sweep.job,
        restarts=row.restarts if row else None,
        reason=row.reason if row and found in ("failed", "interrupted") else None,
    )


def _find_state(sweep: Sweep, row: Run | None, directory: Path | None, state: str, answered: bool) -> str:
    """The engine knows best what is queued or running, the run's own file what has ended."""
    if row is not None and row.status in ("completed", "failed") and not state:
        return row.status
    if state:
        return "queued" if state in _QUEUED else "running"
    if directory is not None and is_in_use(directory):
        return "running"
    if row is not None:
        return "queued" if sweep.launcher == "ray" and sweep.is_attended else "interrupted"
    waits = sweep.is_attended if sweep.launcher != "slurm" or answered else not sweep.is_stopped
    return "queued" if waits else "not started"


def _list_others(folder: Path, known: Iterable[Path]) -> list[SweepRow]:
    """The runs of no sweep that are not complete."""
    seen = {path.absolute() for path in known}
    files = sorted(folder.glob(f"*/{CONFIG_FILE}"), key=lambda file: file.stat().st_mtime)
    found = [_describe_other(file.parent) for file in files if file.parent.absolute() not in seen]
    return [row for row in found if row is not None]


def _describe_other(directory: Path) -> SweepRow | None:
    try:
        config = read_config(directory)
        base = find_base(directory.parent.absolute(), config.runs_dir) or Path()
        row = _read_row(str(base / config.results_dir), directory.name)
    except (OSError, DensebenchError):
        return None
    if row is None or row.status == "completed" or row.phase != "train":
        return None
    state = "running" if is_in_use(directory) else "interrupted" if row.status == "running" else row.status
    return SweepRow(
        run=directory.name,
        state=state,
        finished=len(row.records),
        epochs=config.recipe.epochs,
        test_accuracy=row.records[-1].test_accuracy if row.records else None,
        where=None,
        launcher=row.launcher,
        sweep=None,
        job=None,
        restarts=row.restarts,
        reason=row.reason if state != "running" else None,
    )


def _read_row(results_dir: str, name: str) -> Run | None:
    path = store.run_path(results_dir, name)
    return csv_file.read(path)[0] if path.exists() else None
