"""Files that are replaced whole: at any moment, even after a kill or a power cut, the old file or the new one is there.

The new one is written and synchronised beside the old one, under a temporary name, and then renamed.
"""

import contextlib
import errno
import glob
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


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
    """A new file to be written, synchronised at the end; raises ``FileExistsError`` rather than overwrite one."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


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
    name = re.escape(path.name)
    # The second form: how version 0.1.0 named a model that it was saving.
    ours = re.compile(rf"\.{name}\.[0-9a-f]+\.tmp(\.\w+)?|\.\d+\.{name}")
    for stale in path.parent.glob(f".*{glob.escape(path.name)}*"):
        if ours.fullmatch(stale.name):
            stale.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a new file completely and synchronise it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
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
