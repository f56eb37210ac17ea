"""Where a CIFAR archive lies, packed or unpacked, and the bytes of its members, each checked against its checksum."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from densebench.data.cache import cache_directory
from densebench.data.checksums import hash_file
from densebench.data.cifar.editions import Archive, Edition, Member
from densebench.data.cifar.tar import LARGEST_MEMBER, Content, read_members
from densebench.data.images import OnProgress
from densebench.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an archive was found: ``path`` is the packed file, or the folder with its members."""

    archive: Archive
    path: Path


def find_archive(edition: Edition, *, data_dir: str | None, offline: bool, on_progress: OnProgress) -> Place:
    """The edition in ``data_dir``; without one in the cache, where it is downloaded to unless ``offline``.

    Raises :class:`DatasetError` if it is not there.
    """
    directory = cache_directory() if data_dir is None else Path(os.path.expanduser(data_dir))
    place = _look_in(edition, directory)
    if place is not None:
        return place
    if data_dir is not None:
        raise DatasetError(
            f"No {edition.title} in {str(directory)!r}: put {edition.binary.file} or {edition.python.file} there, or "
            "what either unpacks to."
        )
    if offline:
        raise DatasetError(
            f"{edition.title} is not in {str(directory)!r} and --offline forbids its download: put "
            f"{edition.binary.file} there, or name its folder with --data-dir."
        )
    return _download(edition.title, edition.binary, directory, on_progress)


def is_available(edition: Edition, data_dir: str | None) -> bool:
    """Whether the edition is in ``data_dir``, or in the cache; its checksums are not compared."""
    directory = cache_directory() if data_dir is None else Path(os.path.expanduser(data_dir))
    return _look_in(edition, directory) is not None


def read_contents(place: Place) -> Iterator[Content]:
    """Every member of the archive, by its name without the folder; raises :class:`DatasetError` for a wrong one."""
    archive = place.archive
    members = (*archive.train, *archive.test, archive.names)
    if os.path.isdir(place.path):
        for member in members:
            yield _read_unpacked(place, member)
        return
    with _report_unreadable(place.path):
        official = hash_file(place.path) == archive.sha256
    if not official:
        raise DatasetError(f"{str(place.path)!r} is not the official file (its SHA-256 differs): download it again.")
    for content in read_members(place.path, {f"{archive.folder}/{member.name}" for member in members}):
        yield Content(name=content.name.removeprefix(f"{archive.folder}/"), data=content.data)


def _look_in(edition: Edition, directory: Path) -> Place | None:
    """The binary archive before the Python one, the packed before the unpacked, which may be the directory itself."""
    for archive in (edition.binary, edition.python):
        for path in (directory / archive.file, directory / archive.folder, directory):
            # os.path rather than Path: what may not be read counts as missing.
            if os.path.isfile(path) and path.name == archive.file:
                return Place(archive=archive, path=path)
            if os.path.isfile(path / archive.train[0].name) and os.path.isfile(path / archive.names.name):
                return Place(archive=archive, path=path)
    return None


def _download(title: str, archive: Archive, directory: Path, on_progress: OnProgress) -> Place:
    from densebench.data.fetching.download import RemoteFile, download  # its network modules would slow every command

    assert archive.size is not None
    file = RemoteFile(title=title, urls=archive.urls, size=archive.size, sha256=archive.sha256)
    download(file, directory / archive.file, on_progress=on_progress)
    return Place(archive=archive, path=directory / archive.file)


def _read_unpacked(place: Place, member: Member) -> Content:
    path = place.path / member.name
    if not os.path.isfile(path):
        raise DatasetError(f"{str(path)!r} is missing: unpack {place.archive.file} again.")
    with _report_unreadable(path), path.open("rb") as file:
        data = file.read(LARGEST_MEMBER + 1)
    # For the Python members only MD5 is published: enough to find damage; who can write to the user's
    # own directory need not forge anything.
    algorithm = "sha256" if place.archive.form == "binary" else "md5"
    if member.checksum and hashlib.new(algorithm, data, usedforsecurity=False).hexdigest() != member.checksum:
        raise DatasetError(f"{str(path)!r} is not the official file: unpack {place.archive.file} again.")
    return Content(name=member.name, data=data)


@contextmanager
def _report_unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(f"{str(path)!r} cannot be read ({error.strerror}): check its permissions.") from None
