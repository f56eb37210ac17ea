import pytest

from densebench.data.cifar.archive import look_in, read_contents
from densebench.errors import DatasetError


def find(edition, folder):
    place = look_in(edition, folder)
    assert place is not None
    return place


def test_the_binary_archive_is_preferred_to_the_pickled_one(tiny_cifar):
    assert find(tiny_cifar.edition, tiny_cifar.folder).archive.form == "binary"


def test_a_packed_archive_is_preferred_to_an_unpacked_one(tiny_cifar):
    archive = tiny_cifar.edition.binary
    assert find(tiny_cifar.edition, tiny_cifar.folder).path == tiny_cifar.folder / archive.file
    (tiny_cifar.folder / archive.file).unlink()
    assert find(tiny_cifar.edition, tiny_cifar.folder).path == tiny_cifar.folder / archive.folder


def test_a_folder_without_the_archive_has_none(tiny_cifar, tmp_path):
    assert look_in(tiny_cifar.edition, tmp_path / "empty") is None


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
