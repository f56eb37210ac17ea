"""Where a CIFAR archive lies, packed or unpacked, and the bytes of its members, each checked against its checksum."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


def look_in(edition: Edition, directory: Path) -> Place | None:
    """An official archive in a directory, or the directory itself, if it is one.

    The binary archive comes before the Python one, the packed before the unpacked.
    """
    for archive in (edition.binary, edition.python):
        for path in (directory / archive.file, directory / archive.folder, directory):
            # os.path rather than Path: what may not be read counts as missing.
            if os.path.isfile(path) and path.name == archive.file:
                return Place(archive=archive, path=path)
            if os.path.isfile(path / archive.train[0].name) and os.path.isfile(path / archive.names.name):
                return Place(archive=archive, path=path)
    return None


def download_archive(edition: Edition, directory: Path, on_progress: OnProgress) -> Place:
    """Download the binary archive into a directory; raises :class:`DatasetError` if that fails."""
    from densebench.data.fetching.download import RemoteFile, download  # its network modules would slow every command

    archive = edition.binary
    assert archive.size is not None
    file = RemoteFile(title=edition.title, urls=archive.urls, size=archive.size, sha256=archive.sha256)
    download(file, directory / archive.file, on_progress=on_progress)
    return Place(archive=archive, path=directory / archive.file)


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
