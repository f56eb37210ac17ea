"""The entries of a folder that someone else has filled: sorted, and never outside it."""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from densebench.errors import DatasetError


def scan(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """The entries of a folder in the order of their names; raises :class:`DatasetError` if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            yield from _sort_by_name(entries)
    except OSError as error:
        raise DatasetError(f"{str(folder)!r} cannot be listed ({error.strerror}): check its permissions.") from None


def _sort_by_name(entries: Iterable["os.DirEntry[str]"]) -> list["os.DirEntry[str]"]:
    return sorted(entries, key=lambda entry: (normalise(entry.name), entry.name))


def normalise(name: str) -> str:
    """A name in Unicode normal form C: some systems store ``é`` as one character, others as two."""
    return unicodedata.normalize("NFC", name)


def read_status(root: Path, entry: "os.DirEntry[str]") -> os.stat_result:
    """What an entry is, or the target of a link."""
    if entry.is_symlink():
        check_within(root, Path(entry.path))
    try:
        return entry.stat()
    except OSError as error:
        raise DatasetError(f"{entry.path!r} cannot be read ({error.strerror}): repair or remove it.") from None


def check_within(root: Path, path: Path) -> None:
    """Raise :class:`DatasetError` for a link that leads out of the folder, or nowhere."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DatasetError(f"{str(path)!r} is a link to nothing ({error}): repair or remove it.") from None
    if not target.is_relative_to(root):
        raise DatasetError(f"The link {str(path)!r} leads out of the image folder: copy what it means instead.")
