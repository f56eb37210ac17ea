"""Which folders of an image folder are its splits, as people name them."""

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR

from densebench.data.folder.entries import read_status, scan
from densebench.errors import DatasetError

_NAMES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}


@dataclass(frozen=True, kw_only=True)
class SplitFolders:
    """The names of the split folders as they are on disk; ``None`` where there is none."""

    train: str | None
    test: str | None
    validation: str | None  # looked for only beside one of the others: elsewhere it may be a class


def find_split_folders(root: Path) -> SplitFolders:
    """The folders for train, test and validation in any case; raises :class:`DatasetError` for two of one split."""
    names = [entry.name for entry in scan(root) if _is_split(entry.name) and _is_folder(root, entry)]
    train, test = _find_one(root, names, "train"), _find_one(root, names, "test")
    validation = _find_one(root, names, "validation") if train or test else None
    return SplitFolders(train=train, test=test, validation=validation)


def _is_split(name: str) -> bool:
    return any(name.lower() in spellings for spellings in _NAMES.values())


def _is_folder(root: Path, entry: "os.DirEntry[str]") -> bool:
    return S_ISDIR(read_status(root, entry).st_mode)


def _find_one(root: Path, names: list[str], split: str) -> str | None:
    found = [name for name in names if name.lower() in _NAMES[split]]
    if len(found) > 1:
        raise DatasetError(
            f"{str(root)!r} has more than one folder for {split}, {found[0]!r} and {found[1]!r}: rename or remove one."
        )
    return found[0] if found else None
