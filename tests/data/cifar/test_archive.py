import shutil

import pytest

from densebench.data.cifar.archive import find_archive, is_available, read_contents
from densebench.data.fetching import download
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError


def find(edition, folder):
    return find_archive(edition, data_dir=str(folder), offline=True, on_progress=ignore_progress)


def test_the_binary_archive_is_preferred_to_the_pickled_one(tiny_cifar):
    assert find(tiny_cifar.edition, tiny_cifar.folder).archive.form == "binary"


def test_a_packed_archive_is_preferred_to_an_unpacked_one(tiny_cifar):
    archive = tiny_cifar.edition.binary
    assert find(tiny_cifar.edition, tiny_cifar.folder).path == tiny_cifar.folder / archive.file
    (tiny_cifar.folder / archive.file).unlink()
    assert find(tiny_cifar.edition, tiny_cifar.folder).path == tiny_cifar.folder / archive.folder


def test_an_edition_is_available_in_a_directory_or_in_the_cache(tiny_cifar, private_cache):
    edition = tiny_cifar.edition
    assert is_available(edition, str(tiny_cifar.folder))
    assert not is_available(edition, None)
    private_cache.mkdir(exist_ok=True)
    shutil.copy(tiny_cifar.folder / edition.binary.file, private_cache)
    assert is_available(edition, None)


def test_the_home_directory_may_be_written_as_a_tilde(tiny_cifar, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny_cifar.folder))
    assert is_available(tiny_cifar.edition, "~")


def test_packed_and_unpacked_have_the_same_members(tiny_cifar):
    packed = find(tiny_cifar.edition, tiny_cifar.folder)
    (tiny_cifar.folder / tiny_cifar.edition.binary.file).rename(tiny_cifar.folder / "elsewhere")
    unpacked = find(tiny_cifar.edition, tiny_cifar.folder)
    (tiny_cifar.folder / "elsewhere").rename(packed.path)
    members = [{content.name: content.data for content in read_contents(place)} for place in (packed, unpacked)]
    assert members[0] == members[1]
    assert set(members[0]) == {
        member.name for member in (*packed.archive.train, *packed.archive.test, packed.archive.names)
    }


def test_another_file_under_the_official_name_is_refused_before_it_is_opened(tiny_cifar):
    place = find(tiny_cifar.edition, tiny_cifar.folder)
    place.path.write_bytes(b"no archive")
    with pytest.raises(DatasetError, match=r"is not the official file \(its SHA-256 differs\): download it again\.$"):
        list(read_contents(place))


def test_without_it_the_binary_archive_is_downloaded_into_the_cache(tiny_cifar, private_cache, monkeypatch):
    asked = []
    monkeypatch.setattr(download, "download", lambda file, target, *, on_progress: asked.append((file.sha256, target)))
    place = find_archive(tiny_cifar.edition, data_dir=None, offline=False, on_progress=ignore_progress)
    archive = tiny_cifar.edition.binary
    assert asked == [(archive.sha256, private_cache / archive.file)]
    assert place.path == private_cache / archive.file
