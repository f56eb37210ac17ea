"""Tests of ``densebench/data/cifar/tar.py``."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from densebench.data.cifar import tar
from densebench.data.cifar.tar import Content, read_members
from densebench.errors import DatasetError

FILES = {"set/one": b"first", "set/two": b"second" * 1000, "set/other": b"unwanted"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "set.tar.gz"


def write(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def named(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_the_members_asked_for_are_read_and_no_others(path, pack):
    path.write_bytes(pack(FILES))
    found = list(read_members(path, {"set/two", "set/one"}))
    assert found == [Content(name=name, data=FILES[name]) for name in ("set/one", "set/two")]


def test_a_leading_dot_in_the_names_does_not_matter(path, pack):
    path.write_bytes(pack({"./set/one": b"first"}))
    assert [content.name for content in read_members(path, {"set/one"})] == ["set/one"]


def test_nothing_is_written_to_the_disk(path, pack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.write_bytes(pack({**FILES, "../escaped": b"", "/tmp/escaped": b""}))
    list(read_members(path, {"set/one"}))
    assert [entry.name for entry in tmp_path.iterdir()] == ["set.tar.gz"]


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_a_member_that_is_no_plain_file_is_refused(kind, path):
    write(path, (named("set/one", kind, target="/etc/passwd"), b""))
    with pytest.raises(DatasetError, match=r"set.tar.gz' is damaged"):
        list(read_members(path, {"set/one"}))


def test_a_missing_member_is_named(path, pack):
    path.write_bytes(pack(FILES))
    with pytest.raises(DatasetError, match="set/three is missing"):
        list(read_members(path, {"set/one", "set/three"}))


def test_a_member_that_comes_twice_is_refused(path):
    write(path, (named("set/one"), b"first"), (named("set/one"), b"second"))
    with pytest.raises(DatasetError, match="is damaged"):
        list(read_members(path, {"set/one"}))


def test_a_member_beyond_the_bound_is_refused_without_reading_it(path, monkeypatch):
    monkeypatch.setattr(tar, "LARGEST_MEMBER", 10)
    write(path, (named("set/one"), bytes(11)))
    with pytest.raises(DatasetError, match="set/one has 11 bytes, more than 10"):
        list(read_members(path, {"set/one"}))


def test_an_archive_that_unpacks_to_more_than_the_bound_is_refused(path, monkeypatch):
    monkeypatch.setattr(tar, "LARGEST_ARCHIVE", 1 << 20)
    write(path, (named("set/zero"), bytes(1 << 21)), (named("set/one"), b"first"))
    with pytest.raises(DatasetError, match="it unpacks to more than its bound"):
        list(read_members(path, {"set/one"}))


def test_a_header_that_promises_terabytes_ends_at_the_bound(path, monkeypatch):
    monkeypatch.setattr(tar, "LARGEST_ARCHIVE", 1 << 20)
    member = named("set/zero")
    member.size = 1 << 40
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 21)))
    with pytest.raises(DatasetError, match="is damaged"):
        list(read_members(path, {"set/one"}))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_an_extended_header_that_promises_terabytes_ends_at_the_bound(kind, path, monkeypatch):
    monkeypatch.setattr(tar, "LARGEST_ARCHIVE", 1 << 20)
    member = named("set/header", kind)
    member.size = 1 << 40
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 21)))
    with pytest.raises(DatasetError, match="is damaged"):
        list(read_members(path, {"set/one"}))


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"no tar"), gzip.compress(b"")])
def test_a_file_that_is_no_archive_is_refused(content, path):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"set.tar.gz' is damaged \(.+\): delete it and download it again"):
        list(read_members(path, {"set/one"}))


def test_an_archive_cut_short_anywhere_is_refused(path, pack):
    whole = pack(FILES)
    for length in range(0, len(whole), 5):
        path.write_bytes(whole[:length])
        with pytest.raises(DatasetError):
            list(read_members(path, {"set/one", "set/two"}))


def test_a_vanished_archive_is_named(path):
    with pytest.raises(DatasetError, match=r"set.tar.gz' is damaged .*No such file"):
        list(read_members(path, {"set/one"}))
