"""Where the official files of a dataset lie, packed or unpacked; those that are missing are downloaded."""

import os
from dataclasses import dataclass
from pathlib import Path

from densebench.data.archives.catalogue import File, Published
from densebench.data.fetching.folders import describe_directory, find_directory, list_folders
from densebench.data.images import OnProgress
from densebench.errors import DatasetError, join_names

_WITHIN = ("", "raw")  # torchvision puts the files of MNIST into MNIST/raw


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one file was found, and whether it is unpacked."""

    file: File
    path: Path
    unpacked: bool


def find_files(
    dataset: Published, *, data_dir: str | None, offline: bool, on_progress: OnProgress
) -> dict[File, Place]:
    """Every file of the dataset, in ``data_dir``; without one in the cache, where it is downloaded to.

    Raises :class:`DatasetError` for a file that is in neither, or with ``offline`` not there.
    """
    found = _look_for(dataset, data_dir)
    missing = [file.name for file in dataset.files if file not in found]
    if not missing:
        return found
    names = join_names(missing)
    directory = find_directory(data_dir)
    if data_dir is not None:
        where = describe_directory(next(iter(found.values())).path.parent if found else directory)
        lack = f"{names} of {dataset.title} is not {where}" if found else f"No {dataset.title} {where}"
        raise DatasetError(f"{lack}: put {'it' if len(missing) == 1 else names} there.")
    if offline:
        raise DatasetError(
            f"{dataset.title} is not in {str(directory / dataset.name)!r} and --offline forbids its download: put "
            f"{names} there, or name their folder with --data-dir."
        )
    folder = _make_folder(directory / dataset.name)
    for file in dataset.files:
        if file not in found:
            found[file] = _download(dataset, file, folder, on_progress)
    return found


def are_available(dataset: Published, data_dir: str | None) -> bool:
    """Whether all files are in ``data_dir``, or in the cache; their checksums are not compared."""
    return len(_look_for(dataset, data_dir)) == len(dataset.files)


def _look_for(dataset: Published, data_dir: str | None) -> dict[File, Place]:
    """The files of the first folder that has them all, else of the first that has any."""
    some: dict[File, Place] = {}
    for folder in list_folders(find_directory(data_dir), dataset.name):
        for within in _WITHIN:
            places = _look_in(dataset, folder / within)
            if len(places) == len(dataset.files):
                return places
            some = some or places
    return some


def _look_in(dataset: Published, folder: Path) -> dict[File, Place]:
    found = {}
    for file in dataset.files:
        for name, unpacked in _list_spellings(file):
            # os.path rather than Path: what may not be read counts as missing.
            if os.path.isfile(folder / name):
                found[file] = Place(file=file, path=folder / name, unpacked=unpacked)
                break
    return found


def _list_spellings(file: File) -> list[tuple[str, bool]]:
    """Each name that the file is known by, and whether it is unpacked; the packed one, which can be checked, first."""
    spellings = [(file.name, False)]
    if file.unpacked is not None:
        spellings += [(name, True) for name in (file.unpacked, file.unpacked.replace("-idx", ".idx"))]
    return spellings


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DatasetError(
            f"{str(folder)!r} cannot be made ({error.strerror}): set DENSEBENCH_DATA to another directory."
        ) from None
    return folder


def _download(dataset: Published, file: File, folder: Path, on_progress: OnProgress) -> Place:
    from densebench.data.fetching.download import RemoteFile, download  # its network modules would slow every command

    remote = RemoteFile(
        title=f"{dataset.title} ({file.name})",
        urls=tuple(address + file.name for address in dataset.addresses),
        size=file.size,
        sha256=file.sha256,
    )
    download(remote, folder / file.name, on_progress=on_progress)
    return Place(file=file, path=folder / file.name, unpacked=False)
