"""``results/*.csv``: where each run's file lies, and the runs of files and folders."""

from collections.abc import Iterable
from pathlib import Path

from densebench.config import check_run_name
from densebench.errors import ResultsError
from densebench.records import Run
from densebench.results.csv_file import read_files


def run_path(results_dir: str | Path, run: str) -> Path:
    """The file of a run; raises :class:`InputError` for a name that would leave the directory."""
    check_run_name(run)
    return Path(results_dir) / f"{run}.csv"


def read_all(paths: Iterable[str | Path]) -> list[Run]:
    """The runs of files and folders, in the order given; a folder means its ``*.csv`` by name.

    A run met twice counts once, and of two states of one run the later one. Raises :class:`ResultsError`.
    """
    files = [file for path in paths for file in list_files(Path(path))]
    return list(find_states([run for read in read_files(files) for run in read]).values())


def find_states(runs: Iterable[Run]) -> dict[tuple[object, ...], Run]:
    """The latest state of each run, by what :func:`identify` says of it; of equally long ones the completed one."""
    found: dict[tuple[object, ...], Run] = {}
    for run in runs:
        key = identify(run)
        if key not in found or _measure_progress(run) >= _measure_progress(found[key]):
            found[key] = run
    return found


def _measure_progress(run: Run) -> tuple[int, bool]:
    return len(run.records), run.status == "completed"


def list_files(path: Path) -> list[Path]:
    """A file, or the ``*.csv`` of a folder by name; raises :class:`ResultsError` if it has none."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob("*.csv") if not file.name.startswith("."))
    if not files:
        raise ResultsError(f"{path} holds no results (*.csv): train something first, or give another folder.")
    return files


def identify(run: Run) -> tuple[object, ...]:
    """What two states of one run share; without a start to tell by, only an equal run is the same one."""
    if run.started is None:
        return run.run, run.phase, repr(run)
    return run.run, run.phase, run.started, run.fingerprint, run.environment.host
