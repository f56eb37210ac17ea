"""Tests of ``densebench/data/archives/contents.py``."""

import dataclasses
import gzip
import hashlib

import pytest

from densebench.data.archives import contents
from densebench.data.archives.catalogue import File
from densebench.data.archives.contents import is_unverified, read_content
from densebench.data.archives.finding import Place
from densebench.errors import DatasetError

WHOLE = gzip.compress(b"content" * 99)


def place(path, data: bytes, *, unpacked=False, unpacked_sha256=None) -> Place:
    path.write_bytes(data)
    file = File(
        name="set.gz",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        unpacked="set",
        unpacked_sha256=unpacked_sha256,
    )
    return Place(file=file, path=path, unpacked=unpacked)


def test_packed_and_unpacked_files_have_the_same_content(tmp_path):
    digest = hashlib.sha256(b"content").hexdigest()
    assert read_content(place(tmp_path / "set.gz", gzip.compress(b"content"))) == b"content"
    assert read_content(place(tmp_path / "set", b"content", unpacked=True, unpacked_sha256=digest)) == b"content"


def test_a_file_is_compared_with_the_checksum_of_its_own_form(tmp_path):
    unpacked = place(tmp_path / "set", b"content", unpacked=True, unpacked_sha256="0" * 64)
    with pytest.raises(DatasetError, match=r"set' is not the official file \(its SHA-256 differs\): download it again"):
        read_content(unpacked)
    assert not is_unverified(unpacked)


def test_only_an_unpacked_file_without_a_checksum_is_unverified(tmp_path):
    assert is_unverified(place(tmp_path / "set", b"content", unpacked=True))
    assert not is_unverified(place(tmp_path / "set.gz", gzip.compress(b"content")))


@pytest.mark.parametrize("data", [b"no gzip", WHOLE[:-3], WHOLE[:-12] + bytes(12)])
def test_a_damaged_gzip_is_one_sentence_even_with_the_right_checksum(data, tmp_path):
    with pytest.raises(DatasetError, match=r"set.gz' is damaged \(.+\): download it again\.$"):
        read_content(place(tmp_path / "set.gz", data))


def test_nothing_is_read_or_unpacked_beyond_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_LARGEST", 1000)
    with pytest.raises(DatasetError, match=r"unpacks to more than 1,000 bytes"):
        read_content(place(tmp_path / "set.gz", gzip.compress(bytes(1001))))
    with pytest.raises(DatasetError, match=r"has more than 1,000 bytes: it is not the official file"):
        read_content(place(tmp_path / "set", bytes(1001), unpacked=True))


def test_an_unreadable_file_is_named(tmp_path):
    missing = dataclasses.replace(place(tmp_path / "set", b""), path=tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"gone' cannot be read \(No such file or directory\): check its"):
        read_content(missing)
