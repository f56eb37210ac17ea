"""The folders in which a dataset may lie: the one that was named, and those directly in it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from densebench.config import DATASETS
from densebench.data.cache import cache_directory


def find_directory(data_dir: str | None) -> Path:
    """``data_dir`` with its tilde expanded, or the cache; a data directory need not exist."""
    return cache_directory() if data_dir is None else Path(os.path.expanduser(data_dir))


def describe_directory(directory: Path) -> str:
    """``in 'data'``, for a sentence on what is not there."""
    if directory.is_dir():
        return f"in {str(directory)!r}"
    return f"in {str(directory)!r}, which {'is a file' if directory.exists() else 'does not exist'}"


def list_folders(directory: Path, dataset: str) -> Iterator[Path]:
    """``directory`` itself, the folders in it that are named for ``dataset``, then the others, by their names.

    Folders named for another dataset and hidden ones are left out. What may not be listed counts as empty.
    """
    yield directory
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    except OSError:  # also where it is a file
        return
    owners = {name: find_owner(name) for name in names}
    yield from (directory / name for name in names if owners[name] == dataset)
    yield from (directory / name for name in names if owners[name] is None)


def find_owner(folder: str) -> str | None:
    """The dataset that a folder is named for: ``FashionMNIST`` -> ``fashion_mnist``, ``cifar-10-data`` -> ``cifar10``.

    ``cifar100`` begins with ``cifar10`` too: the longest name counts.
    """
    found = [name for name in DATASETS if _simplify(folder).startswith(_simplify(name))]
    return max(found, key=len, default=None)


def _simplify(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
