"""Downloads one file: resumed where it stopped, from the first server that delivers, accepted by its SHA-256."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from densebench.data.checksums import hash_file
from densebench.data.fetching.https import Clock, OpenUrl, ServerFailed, TooSlow, open_from, open_https, read_blocks
from densebench.data.images import OnProgress
from densebench.errors import DatasetError

_GOOD_SPEED = 200_000  # bytes a second, below which the other servers are tried first
_LEAST_SPEED = 5_000  # bytes a second, below which a server has failed
_WORTH_RESUMING = 1 << 20  # bytes that an attempt must add for the same server to be asked again


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file that several servers have; ``size`` in bytes."""

    title: str
    urls: tuple[str, ...]
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class _Transfer:
    file: RemoteFile
    part: Path
    on_progress: OnProgress
    open_url: OpenUrl
    clock: Clock

    def received(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def download(
    file: RemoteFile,
    target: Path,
    *,
    on_progress: OnProgress,
    open_url: OpenUrl = open_https,
    clock: Clock = time.monotonic,
) -> None:
    """Download ``file`` to ``target``, through ``target.part``, which a later call continues.

    A slow server is tried again if the others fail. Raises :class:`DatasetError` if no server
    delivers or the disk cannot store the file.
    """
    part = target.with_name(f"{target.name}.part")
    transfer = _Transfer(file=file, part=part, on_progress=on_progress, open_url=open_url, clock=clock)
    with _report_disk_failures(target), _lock(target, on_progress):
        if target.exists():
            return  # another process downloaded it in the meantime
        _check_disk(file, transfer)
        _fetch_from_any(transfer)
        os.replace(part, target)


def _fetch_from_any(transfer: _Transfer) -> None:
    servers, reasons = list(transfer.file.urls), []
    for least_speed in (_GOOD_SPEED, _LEAST_SPEED):
        for url in tuple(servers):
            try:
                return _fetch_from(transfer, url, least_speed)
            except TooSlow:
                continue
            except ServerFailed as failure:
                servers.remove(url)
                reasons.append(f"{urlsplit(url).hostname}: {failure}")
    reasons += [f"{urlsplit(url).hostname}: less than {_LEAST_SPEED:,} bytes a second" for url in servers]
    folder, done = str(transfer.part.parent), transfer.received() / transfer.file.size
    raise DatasetError(
        f"{transfer.file.title} could not be downloaded ({'; '.join(reasons)}): try again, which continues at "
        f"{done:.0%}, or put {transfer.part.stem} into {folder!r}."
    )


def _fetch_from(transfer: _Transfer, url: str, least_speed: int) -> None:
    """Complete and check the part with what one server sends, asking again as long as that makes progress."""
    while True:
        begin = transfer.received()
        if begin > transfer.file.size:
            transfer.part.unlink()
            continue
        try:
            if begin < transfer.file.size:
                _receive(transfer, url, begin, least_speed)
        except ServerFailed:
            if transfer.received() - begin < _WORTH_RESUMING:
                raise
            continue
        if hash_file(transfer.part) == transfer.file.sha256:
            return
        transfer.part.unlink()
        if begin == 0:  # else the part that was there before may have been wrong
            raise ServerFailed("it sends another file (the SHA-256 differs)")


def _receive(transfer: _Transfer, url: str, begin: int, least_speed: int) -> None:
    """Append what the server sends from ``begin`` on, or start over if it can only send the whole."""
    size, what = transfer.file.size, f"Downloading {transfer.file.title}"
    with open_from(url, begin, size, transfer.open_url) as (response, first), transfer.part.open("ab") as part:
        part.truncate(first)
        received = first
        for block in read_blocks(response, size - first, least_speed=least_speed, clock=transfer.clock):
            part.write(block)
            received += len(block)
            transfer.on_progress(what, received, size)
        part.flush()
        os.fsync(part.fileno())


def _check_disk(file: RemoteFile, transfer: _Transfer) -> None:
    folder = transfer.part.parent
    needed, free = file.size - transfer.received(), shutil.disk_usage(folder).free
    if needed > free:
        raise DatasetError(
            f"{file.title} needs {needed / 2**20:,.0f} MiB in {str(folder)!r} and {free / 2**20:,.0f} MiB are free: "
            "make room there or set DENSEBENCH_DATA to another directory."
        )


@contextmanager
def _lock(target: Path, on_progress: OnProgress) -> Iterator[None]:
    """Let one process at a time write the part; the lock ends with the process."""
    from filelock import lock_descriptor

    # A lock on a descriptor, not FileLock, which would make a missing directory.
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        if not lock_descriptor(lock.fileno(), blocking=False):
            on_progress(f"Waiting for another process that downloads {target.name}", 0, None)
            lock_descriptor(lock.fileno())
        yield


@contextmanager
def _report_disk_failures(target: Path) -> Iterator[None]:
    """Report a failing disk in one sentence; a server's failure is never an ``OSError`` here."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{str(target)!r} cannot be written ({error.strerror}): make room there, check its permissions, or set "
            "DENSEBENCH_DATA to another directory."
        ) from None
