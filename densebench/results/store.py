"""``results/*.csv``: one file a run, replaced whole and atomically, read with every doubt named."""

import contextlib
import errno
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from densebench.config import check_run_name
from densebench.errors import ResultsError
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
        remove_stale(path)
        replace(path, text_of([run]).encode(errors="backslashreplace"))
    except OSError as error:
        raise ResultsError(
            f"{path} cannot be written ({error.strerror}): make room, or choose another --results-dir."
        ) from None


def remove_stale(path: Path) -> None:
    """Remove what a killed writer of this file left; a run has one writer, so nobody else is at work on it."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        stale.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            write_fully(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_fully(descriptor: int, content: bytes) -> None:
    """``os.write`` on a disk that fills up writes less without an error; the next call then raises it."""
    rest = memoryview(content)
    while rest:
        written = os.write(descriptor, rest)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def sync_directory(directory: Path) -> None:
    """Make the renaming durable, where the file system lets a directory be synchronised."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


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
