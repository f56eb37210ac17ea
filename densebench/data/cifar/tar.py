"""Reading the members of a .tar.gz by their exact names, nothing else, and within bounds.

Nothing is ever unpacked to disk, so no path, link or device in an archive can do harm. The caller has compared the
archive's SHA-256 before; what is checked here holds for any file all the same.
"""

import gzip
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from densebench.errors import DatasetError

LARGEST_MEMBER = 1 << 28  # bytes; CIFAR-100's training file has 154 MB
LARGEST_ARCHIVE = 1 << 29  # bytes, unpacked
_BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Content:
    """One member: its name and its bytes."""

    name: str
    data: bytes


def read_members(path: Path, names: Collection[str]) -> Iterator[Content]:
    """The members called ``names``, in the archive's order.

    Raises :class:`DatasetError` for an archive that is damaged, lacks one, has one twice, has a link or another thing
    in one's place, or unpacks to more than the bounds.
    """
    missing = set(names)
    try:
        with gzip.open(path) as unpacked:
            stream = _Bounded(cast(BinaryIO, unpacked), LARGEST_ARCHIVE)
            with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as archive:
                for member in archive:
                    name = member.name.removeprefix("./")
                    if name in names:
                        missing.remove(name)
                        yield Content(name=name, data=_read(archive, member))
            while stream.read(_BLOCK):
                pass  # up to gzip's own checksum, which stands at the end
        if missing:
            raise ValueError(f"{min(missing)} is missing")
    except DatasetError:
        raise
    except Exception as error:  # gzip, zlib and tarfile have many ways to say that a file is damaged
        reason = f"{type(error).__name__}: {error}"
        raise DatasetError(f"{str(path)!r} is damaged ({reason}): delete it and download it again.") from None


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
        raise ValueError(f"{member.name} is not a plain file")
    if member.size > LARGEST_MEMBER:
        raise ValueError(f"{member.name} has {member.size:,} bytes, more than {LARGEST_MEMBER:,}")
    file = archive.extractfile(member)
    data = file.read() if file else b""
    if len(data) != member.size:
        raise ValueError(f"{member.name} has {len(data):,} of its {member.size:,} bytes")
    return data


class _Bounded:
    """A stream that ends in an error after ``limit`` bytes, however many a header promises."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("it unpacks to more than its bound")
        return data
