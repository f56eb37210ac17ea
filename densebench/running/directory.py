"""``runs/<run>/``: one run's own directory, owned by one process at a time."""

import contextlib
import dataclasses
import errno
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from densebench import files
from densebench.config import RunConfig, check_run_name, from_json, to_json
from densebench.errors import DensebenchError, InputError, ResultsError, RunFailed
from densebench.records import Run
from densebench.results import csv_file, store
from densebench.running.directory_lock import is_in_use, lock_descriptor, lock_directory

CONFIG_FILE = "config.json"
LOG_FILE = "log.txt"  # what the framework prints
_STARTING = "starting"  # there until the run begins, and locked by the process that has started it
_NEW = ".new-"  # a directory that is being made or removed
_LONG_AGO = 2.0  # seconds


def run_directory(runs_dir: str | Path, run: str) -> Path:
    """Where all files of a run are, except its CSV."""
    check_run_name(run)
    return Path(runs_dir) / run


@contextmanager
def claim(config: RunConfig, *, numbered: bool) -> Iterator[RunConfig]:
    """A new run's directory; gives the configuration with the name that the run has got.

    Where the name is taken, a ``numbered`` run becomes ``name-2``, ``name-3``, ...; else :class:`InputError` is raised.
    If the run has not begun (:func:`mark_begun`) when the ``with`` block ends, its directory and its row are removed.

    The directory appears with ``config.json`` in it, by one renaming: two processes never get one name, and a kill
    leaves no run that can neither be resumed nor started.
    """
    remove_abandoned(Path(config.runs_dir))
    _require_writable(Path(config.results_dir))
    named, lock = _claim_name(config, numbered)
    try:
        yield named
    finally:
        _remove_if_unbegun(named)
        os.close(lock)


def choose_names(wanted: Iterable[tuple[RunConfig, bool]]) -> list[str]:
    """The names that :func:`claim` would give now, one after another, for pairs of configuration and ``numbered``."""
    chosen: list[str] = []
    for config, numbered in wanted:
        free = (name for name in _list_names(config, numbered) if name not in chosen and not _is_taken(config, name))
        name = next(free, None)
        if name is None:
            raise _make_taken_error(config)
        chosen.append(name)
    return chosen


def read_config(directory: Path) -> RunConfig:
    """What the run of a folder was asked to be; raises :class:`OSError` and what ``from_json`` raises."""
    return from_json((directory / CONFIG_FILE).read_text())


def store_recipe(config: RunConfig) -> None:
    """Write into ``config.json`` how a resumed run is trained from now on, so that it can be resumed again."""
    path = run_directory(config.runs_dir, config.run) / CONFIG_FILE
    stored = read_config(path.parent)
    if stored.recipe == config.recipe:
        return
    try:
        files.remove_stale(path)  # a run has one writer
        files.replace(path, f"{to_json(dataclasses.replace(stored, recipe=config.recipe))}\n".encode())
    except OSError as error:
        raise RunFailed(f"{path} cannot be written ({error.strerror}): make room there, then resume the run.") from None


def mark_begun(directory: Path) -> None:
    """Note that the run's first step is about to run: from now on the run is kept, however it ends."""
    (directory / _STARTING).unlink(missing_ok=True)


def has_begun(directory: Path) -> bool:
    """Whether the run of a directory has come to its first step."""
    return directory.is_dir() and not (directory / _STARTING).exists()


def keep_log(directory: Path) -> Path | None:
    """Keep the log of a run that did not begin beside its directory, in place of that of an earlier one."""
    kept = directory.with_name("failed-start.log")
    try:
        os.replace(directory / LOG_FILE, kept)
    except OSError:
        return None
    return kept


def _claim_name(config: RunConfig, numbered: bool) -> tuple[RunConfig, int]:
    """The configuration under its new name, and the descriptor of the lock on its ``starting`` file."""
    for name in _list_names(config, numbered):
        named = dataclasses.replace(config, run=name)
        row = store.run_path(config.results_dir, name)
        lock = None if row.exists() else _make(run_directory(config.runs_dir, name), named)
        if lock is not None:
            if _reserve(row, named):
                return named, lock
            os.close(lock)
    raise _make_taken_error(config)


def _reserve(row: Path, named: RunConfig) -> bool:
    """Write the run's first row, unless a run from another folder of runs has that file; then its directory goes."""
    is_ours = False
    try:
        is_ours = csv_file.write_new(Run(run=named.run, variant=named.variant, status="running"), row)
    finally:
        if not is_ours:
            _remove(run_directory(named.runs_dir, named.run))
    return is_ours


def _list_names(config: RunConfig, numbered: bool) -> Iterator[str]:
    yield config.run
    if numbered:
        yield from (f"{config.run}-{number}" for number in range(2, 10_000))


def _is_taken(config: RunConfig, name: str) -> bool:
    directory = run_directory(config.runs_dir, name)
    row = store.run_path(config.results_dir, name)
    if not directory.is_dir() or not any(directory.iterdir()):
        return row.exists() or directory.is_file()
    with _hold_if_abandoned(directory) as abandoned:
        return not abandoned or _has_epochs(row)


def _make_taken_error(config: RunConfig) -> InputError:
    advice = f"choose another --run, or continue a training with densebench train --resume {config.run}"
    return InputError(f"There is already a run named {config.run!r}: {advice}.")


def _require_writable(results_dir: Path) -> None:
    """Raise :class:`ResultsError` for a directory of results in which no file can be made."""
    try:
        results_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=results_dir):
            pass
    except OSError as error:
        raise ResultsError(
            f"The results directory {str(results_dir)!r} cannot be written ({error.strerror}): "
            "choose another with --results-dir."
        ) from None


def _make(directory: Path, config: RunConfig) -> int | None:
    """Make the directory, with a locked ``starting`` file; ``None`` if there is one already with anything in it."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=directory.parent, prefix=_NEW, ignore_cleanup_errors=True) as temporary:
            lock = os.open(Path(temporary) / _STARTING, os.O_RDWR | os.O_CREAT, 0o666)
            lock_descriptor(lock)
            with files.create(Path(temporary) / CONFIG_FILE) as file:
                file.write(f"{to_json(config)}\n".encode())
            os.chmod(temporary, 0o755)  # it was made for its owner alone
            if _rename(Path(temporary), directory):
                return lock
            os.close(lock)
            return None
    except OSError as error:
        raise ResultsError(
            f"The runs directory {str(directory.parent)!r} cannot be written ({error.strerror}): "
            "choose another with --runs-dir."
        ) from None


def _remove_if_unbegun(config: RunConfig) -> None:
    directory = run_directory(config.runs_dir, config.run)
    if directory.is_dir() and not has_begun(directory):
        row = store.run_path(config.results_dir, config.run)
        with contextlib.suppress(OSError):
            row.unlink(missing_ok=True)
            files.remove_stale(row)
            _remove(directory)


def _remove(directory: Path) -> None:
    """Remove a directory, first under its own name: so that a kill never leaves half of a run."""
    hidden = directory.with_name(f"{_NEW}{os.urandom(4).hex()}")
    os.rename(directory, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def remove_abandoned(runs_dir: Path) -> None:
    """Remove what killed processes left: runs that never began, directories in the making, half-written files.

    Only what no living process has locked. What cannot be removed stays.
    """
    for directory in [path for path in runs_dir.glob("*") if path.is_dir()]:
        with contextlib.suppress(OSError, DensebenchError):
            with _hold_if_abandoned(directory) as abandoned:
                if abandoned and directory.name.startswith(_NEW):
                    shutil.rmtree(directory)
                elif abandoned:
                    _remove_abandoned_run(directory)
            if not abandoned and files.list_temporary(directory):
                with lock_directory(directory):
                    files.remove_temporary(directory)


def _remove_abandoned_run(directory: Path) -> None:
    config = read_config(directory)
    row = store.run_path(config.results_dir, directory.name)
    if not _has_epochs(row):
        row.unlink(missing_ok=True)
        files.remove_stale(row)
        _remove(directory)


def _has_epochs(row: Path) -> bool:
    return row.exists() and any(run.records for run in csv_file.read(row))


@contextmanager
def _hold_if_abandoned(directory: Path) -> Iterator[bool]:
    """Give whether the directory's run never began and no process is left that could let it begin.

    The ``starting`` file stays locked in the ``with`` block, and one that is unlinked by then belongs to a run that has
    begun: to look at the file and at its lock one after the other would take a run that just begins for abandoned.
    """
    is_new = directory.name.startswith(_NEW)
    if is_new and time.time() - directory.stat().st_mtime <= _LONG_AGO:
        yield False
        return
    try:
        descriptor = os.open(directory / _STARTING, os.O_RDWR)
    except FileNotFoundError:
        yield is_new
        return
    try:
        is_ours = lock_descriptor(descriptor) and os.fstat(descriptor).st_nlink > 0
        yield is_ours and not is_in_use(directory)
    finally:
        os.close(descriptor)


def _rename(temporary: Path, directory: Path) -> bool:
    try:
        os.rename(temporary, directory)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise
    files.sync_directory(directory.parent)
    return True
