"""The bytes of an official file, unpacked and checked against the published checksum."""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

from densebench.data.archives.catalogue import PUBLISHED
from densebench.data.archives.finding import Place
from densebench.errors import DatasetError

_LARGEST = 1 << 28  # bytes, unpacked; SVHN's training file has 182 MB


def read_content(place: Place) -> bytes:
    """The unpacked bytes of a file; raises :class:`DatasetError` unless they are the official ones.

    An unpacked file whose checksum nobody has published is taken as it is: see :func:`is_unverified`.
    """
    data = _read(place.path)
    expected = place.file.unpacked_sha256 if place.unpacked else place.file.sha256
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        raise DatasetError(_describe_other(place, data))
    return _unpack(place.path, data) if place.file.unpacked is not None and not place.unpacked else data


def is_unverified(place: Place) -> bool:
    """Whether there is no published checksum to compare the file with."""
    return place.unpacked and place.file.unpacked_sha256 is None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise DatasetError(f"{str(path)!r} cannot be read ({error.strerror}): check its permissions.") from None
    if len(data) > _LARGEST:
        raise DatasetError(f"{str(path)!r} has more than {_LARGEST:,} bytes: it is not the official file.")
    return data


def _describe_other(place: Place, data: bytes) -> str:
    """MNIST and Fashion-MNIST have files of the same names, which are easily taken for each other."""
    digest = hashlib.sha256(data).hexdigest()
    for dataset in PUBLISHED.values():
        if any(digest in (file.sha256, file.unpacked_sha256) for file in dataset.files):
            return f"{str(place.path)!r} is a file of {dataset.title}: give --dataset {dataset.name}, or replace it."
    return f"{str(place.path)!r} is not the official file (its SHA-256 differs): download it again."


def _unpack(path: Path, data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as unpacked:
            content = unpacked.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{str(path)!r} is damaged ({error}): download it again.") from None
    if len(content) > _LARGEST:
        raise DatasetError(f"{str(path)!r} unpacks to more than {_LARGEST:,} bytes: download it again.")
    return content
