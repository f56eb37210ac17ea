"""One checkpoint as one file: an uncompressed npz of arrays and a description, under a SHA-256 of both.

Every length in a file is checked against the file's own size before memory is allocated, and nothing is unpickled.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from densebench import files
from densebench.errors import first_line

_MAX_DESCRIPTION = 64 << 20  # bytes of JSON; an epoch's record is about one KiB
_DESCRIPTION, _DIGEST = "description.npy", "sha256.npy"

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a checkpoint file holds."""

    description: str  # JSON
    arrays: tuple[Array, ...]


class Damaged(Exception):
    """The file is not what densebench wrote; the message is the end of a sentence."""


def write(path: Path, contents: Contents) -> None:
    """Write and synchronise a new file; raises ``OSError``."""
    description = np.frombuffer(contents.description.encode(), dtype=np.uint8)
    digest = np.frombuffer(_digest(contents), dtype=np.uint8)
    names = [*_names(len(contents.arrays)), _DESCRIPTION, _DIGEST]
    with files.create(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in zip(names, [*contents.arrays, description, digest], strict=True):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)


def read(path: Path) -> Contents:
    """Read and verify a file; raises :class:`Damaged`, or ``FileNotFoundError``."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verified(archive, path.stat().st_size)
    except (FileNotFoundError, Damaged):
        raise
    except Exception as error:  # zipfile and NumPy fail in many ways on damaged bytes
        raise Damaged(f"cannot be read ({_one_line(error)})") from None


def _verified(archive: zipfile.ZipFile, file_bytes: int) -> Contents:
    infos = {info.filename: info for info in archive.infolist()}
    names = _names(len(infos) - 2)
    if set(infos) != {*names, _DESCRIPTION, _DIGEST} or len(archive.infolist()) != len(infos):
        raise Damaged("has other members than a checkpoint")
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos.values()):
        raise Damaged("is compressed, which densebench never does")
    if sum(info.file_size for info in infos.values()) > file_bytes or infos[_DESCRIPTION].file_size > _MAX_DESCRIPTION:
        raise Damaged("claims to be larger than it is")
    contents = Contents(
        description=_member(archive, _DESCRIPTION).tobytes().decode(),
        arrays=tuple(_member(archive, name) for name in names),
    )
    if _member(archive, _DIGEST).tobytes() != _digest(contents):
        raise Damaged("does not match its SHA-256")
    return contents


def _member(archive: zipfile.ZipFile, name: str) -> Array:
    """One array, once its shape and type are found to fit its bytes."""
    data = io.BytesIO(archive.read(name))
    version = np.lib.format.read_magic(data)
    if version != (1, 0):
        raise Damaged(f"has {name} in a format that densebench does not write")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(data)
    if dtype.hasobject or fortran_order:
        raise Damaged(f"has {name} in a form that densebench does not write")
    rest = data.getbuffer()[data.tell() :]
    if len(rest) != int(np.prod(shape, dtype=object)) * dtype.itemsize:
        raise Damaged(f"has {name} of the wrong length")
    return np.frombuffer(rest, dtype=dtype).reshape(shape)


def _names(count: int) -> list[str]:
    return [f"{index:06}.npy" for index in range(count)]


def _digest(contents: Contents) -> bytes:
    """Over the description, and each array's type, shape and bytes."""
    sha256 = hashlib.sha256(contents.description.encode())
    for array in contents.arrays:
        sha256.update(json.dumps([array.dtype.str, array.shape]).encode())
        sha256.update(np.ascontiguousarray(array).data)
    return sha256.digest()


def _one_line(error: Exception) -> str:
    return first_line(error) or type(error).__name__
