"""The lock on a run's directory: it has one owner at a time, and a killed process owns nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from densebench.errors import InputError, ResultsError

_LOCK = "lock"  # locked by the run's process


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


def is_in_use(directory: Path) -> bool:
    """Whether a process has locked a run's directory (:func:`lock_directory`)."""
    return _is_locked(directory / _LOCK)


def lock_descriptor(descriptor: int) -> bool:
    """Lock an open file until its descriptor is closed; false while another process has it locked."""
    from filelock import lock_descriptor as lock  # 40 ms

    # A lock on a descriptor, not FileLock: the file names its owner, and a missing directory stays missing.
    return lock(descriptor, blocking=False)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not lock_descriptor(descriptor)
    finally:
        os.close(descriptor)


def _lock(directory: Path) -> int:
    """The descriptor of the lock, with the owner's process number in the file."""
    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not lock_descriptor(lock):
            owner = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            raise InputError(f"Run {directory.name!r} is in use by process {owner}: wait for it to end, or stop it.")
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except BaseException:
        os.close(lock)
        raise
    return lock
