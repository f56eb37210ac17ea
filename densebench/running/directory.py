"""``runs/<run>/``: one run's own directory, owned by one process at a time."""

import dataclasses
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from densebench import files
from densebench.config import RunConfig, check_run_name, to_json
from densebench.errors import InputError, ResultsError
from densebench.results import store

CONFIG_FILE = "config.json"


def run_directory(runs_dir: str | Path, run: str) -> Path:
    """Where all files of a run are, except its CSV."""
    check_run_name(run)
    return Path(runs_dir) / run


def claim(config: RunConfig, *, numbered: bool) -> RunConfig:
    """Make a new run's directory; returns the configuration with the name that the run has got.

    Where the name is taken, a ``numbered`` run becomes ``name-2``, ``name-3``, ...; else :class:`InputError` is raised.

    The directory appears with ``config.json`` in it, by one renaming: two processes never get one name, and a kill
    leaves no run that can neither be resumed nor started.
    """
    names = [config.run, *(f"{config.run}-{number}" for number in range(2, 10_000) if numbered)]
    for name in names:
        named = dataclasses.replace(config, run=name)
        taken = store.run_path(config.results_dir, name).exists()
        if not taken and _make(run_directory(config.runs_dir, name), named):
            return named
    raise InputError(
        f"There is already a run named {names[0]!r}: choose another --run, or continue a training "
        f"with densebench train --resume {names[0]}."
    )


def _make(directory: Path, config: RunConfig) -> bool:
    """Make the directory and say whether that worked, which it does not if there is one with anything in it."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=directory.parent, prefix=".new-", ignore_cleanup_errors=True) as temporary:
            with files.create(Path(temporary) / CONFIG_FILE) as file:
                file.write(f"{to_json(config)}\n".encode())
            os.chmod(temporary, 0o755)  # it was made for its owner alone
            return _rename(Path(temporary), directory)
    except OSError as error:
        raise ResultsError(
            f"The runs directory {str(directory.parent)!r} cannot be written ({error.strerror}): "
            "choose another with --runs-dir."
        ) from None


def _rename(temporary: Path, directory: Path) -> bool:
    try:
        os.rename(temporary, directory)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise
    files.sync_directory(directory.parent)
    return True


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Make this process the directory's owner; raises :class:`InputError` while another one is.

    The lock ends with its process, even with a killed one. Raises :class:`ResultsError` where none is possible.
    """
    if not directory.is_dir():
        raise InputError(f"There is no run directory {str(directory)!r}: check the run's name and --runs-dir.")
    try:
        lock = _lock(directory)
    except OSError as error:
        raise ResultsError(
            f"Run {directory.name!r} cannot be locked in {str(directory)!r} ({error.strerror}): "
            "make room and rights there, or choose another --runs-dir."
        ) from None
    try:
        yield
    finally:
        os.close(lock)


def _lock(directory: Path) -> int:
    """The descriptor of the lock, with the owner's process number in the file."""
    from filelock import lock_descriptor  # 40 ms, which only a run's own process spends

    # A lock on a descriptor, not FileLock: the file names its owner, and a missing directory stays missing.
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not lock_descriptor(lock, blocking=False):
            owner = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            raise InputError(f"Run {directory.name!r} is in use by process {owner}: wait for it to end, or stop it.")
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except BaseException:
        os.close(lock)
        raise
    return lock
