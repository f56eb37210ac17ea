"""Files that are replaced whole: at any moment, even after a kill or a power cut, the old file or the new one is there.

The new one is written and synchronised beside the old one, under a temporary name, and then renamed.
"""

import contextlib
import errno
import fcntl
import glob
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# The other forms: how version 0.1.0 named a model that it was saving, and a file of the cache.
_TEMPORARY = re.compile(
    r"\.(?P<name>.+)\.[0-9a-f]+\.tmp(\.\w+)?|\.\d+\.(?P<early_name>.+)|\.(?P<early_cached>folder-.+\.npz)-\w+"
)
_LONG_AGO = 2.0  # seconds: longer than from a file's last byte to its renaming


def replace(path: Path, content: bytes) -> None:
    """Replace a file; raises ``OSError`` where that fails, and the old file stays."""
    with replacing(path) as temporary:
        _write(temporary, content)


@contextmanager
def replacing(path: Path, *, suffix: str = "") -> Iterator[Path]:
    """Replace ``path`` by the file that the block writes under the name that it is given, ending in ``suffix``.

    The block synchronises it (:func:`create`, :func:`sync`). If it raises, the old file stays and the new one goes.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp{suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


@contextmanager
def create(path: Path) -> Iterator[BinaryIO]:
    """A new file to be written, synchronised at the end; raises ``FileExistsError`` rather than overwrite one.

    If the block raises, or the file cannot be written, it goes.
    """
    with path.open("xb") as file:
        try:
            _lock(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise


def sync(path: Path) -> None:
    """Bring a file that another library has written onto the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make a renaming durable, where the file system can synchronise a directory."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_stale(path: Path) -> None:
    """Remove what killed writers of ``path`` left beside it; only for a file that no other process may be writing."""
    for stale in _list_temporary(path):
        stale.unlink(missing_ok=True)


def remove_abandoned(path: Path) -> None:
    """Remove what killed writers of ``path`` left beside it, but nothing that a process may still be writing.

    A writer has its file locked (:func:`create`). What cannot be removed stays.
    """
    _remove_abandoned(_list_temporary(path))


def remove_all_abandoned(directory: Path) -> None:
    """As :func:`remove_abandoned`, for all files of a directory that is ours."""
    _remove_abandoned(list_temporary(directory))


def list_temporary(directory: Path) -> list[Path]:
    """What killed or living writers have in a directory beside its files."""
    return [path for path in directory.glob(".*") if _TEMPORARY.fullmatch(path.name) and path.is_file()]


def remove_temporary(directory: Path) -> None:
    """Remove what killed writers left in a directory; only for one in which no other process may be writing."""
    for stale in list_temporary(directory):
        stale.unlink(missing_ok=True)


def _list_temporary(path: Path) -> list[Path]:
    beside = (stale for stale in path.parent.glob(f".*{glob.escape(path.name)}*") if stale.is_file())
    found = ((stale, _TEMPORARY.fullmatch(stale.name)) for stale in beside)
    return [stale for stale, match in found if match and path.name in (match.groupdict().values())]


def _remove_abandoned(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _LONG_AGO and not _is_locked(path):
                path.unlink(missing_ok=True)


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _lock(descriptor: int) -> None:
    """Show that a process is writing the file; where a file system has no locks, its age shows it."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write(path: Path, content: bytes) -> None:
    """Write a new file completely and synchronise it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _lock(descriptor)
        _write_fully(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_fully(descriptor: int, content: bytes) -> None:
    """A disk that is filling up lets ``os.write`` write less, without an error; the call after that raises it."""
    rest = memoryview(content)
    while rest:
        written = os.write(descriptor, rest)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]
