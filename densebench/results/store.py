"""``results/*.csv``: one file a run, replaced whole and atomically, read with every doubt named."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from densebench.config import check_run_name
from densebench.errors import ResultsError
from densebench.files import remove_stale, replace
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results.cells import encode
from densebench.results.reading import read

__all__ = ["read", "read_all", "run_path", "text_of", "write"]


def run_path(results_dir: str | Path, run: str) -> Path:
    """The file of a run; raises :class:`InputError` for a name that would leave the directory."""
    check_run_name(run)
    return Path(results_dir) / f"{run}.csv"


def text_of(runs: Iterable[Run]) -> str:
    """A whole results file: the header, then one row an epoch, run after run."""
    return "".join(f"{line}\n" for line in [",".join(COLUMNS), *(line for run in runs for line in lines_of(run))])


def lines_of(run: Run) -> Iterator[str]:
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
        replace(path, text_of([run]).encode(errors="backslashreplace"))
    except OSError as error:
        raise ResultsError(
            f"{path} cannot be written ({error.strerror}): make room, or choose another --results-dir."
        ) from None


def read_all(paths: Iterable[str | Path]) -> list[Run]:
    """The runs of files and folders, in the order given; a folder means its ``*.csv`` by name.

    A run met twice counts once, and of two states of one run the later one. Raises :class:`ResultsError`.
    """
    runs: dict[tuple[object, ...], Run] = {}
    for run in (run for path in paths for file in files_at(Path(path)) for run in read(file)):
        key = identity(run)
        if key not in runs or len(run.records) >= len(runs[key].records):
            runs[key] = run
    return list(runs.values())


def files_at(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob("*.csv") if not file.name.startswith("."))
    if not files:
        raise ResultsError(f"{path} holds no results (*.csv): train something first, or give another folder.")
    return files


def identity(run: Run) -> tuple[object, ...]:
    """What two states of one run share; without a start to tell by, only an equal run is the same one."""
    if run.started is None:
        return run.run, run.phase, repr(run)
    return run.run, run.phase, run.started, run.fingerprint, run.environment.host
