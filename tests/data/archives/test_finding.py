"""Tests of ``densebench/data/archives/finding.py``."""

import pytest

from densebench.data.archives.finding import are_available, find_files
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError


def find(tiny, folder):
    found = find_files(tiny.dataset, data_dir=str(folder), offline=True, on_progress=ignore_progress)
    return {place.path for place in found.values()}


def inside(folder, files) -> set:
    return {folder / name for name in files}


def test_packed_files_come_before_unpacked_ones_because_they_can_be_checked(make_tiny, tmp_path):
    tiny = make_tiny("fashion_mnist")
    folder = tiny.write(tiny.write(tmp_path / "data"), unpacked=True)
    assert find(tiny, folder) == inside(folder, tiny.packed)


def test_unpacked_files_may_have_the_dot_that_some_programs_give_them(make_tiny, tmp_path):
    tiny = make_tiny("mnist")
    folder = tiny.write(tmp_path / "data", unpacked=True)
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert {path.name for path in find(tiny, folder)} >= {"train-images.idx3-ubyte", "t10k-labels.idx1-ubyte"}


@pytest.mark.parametrize("deeper", ["", "archive", "mnist", "MNIST", "MNIST/raw", "raw"])
def test_the_files_may_lie_a_folder_deeper_and_as_torchvision_puts_them(deeper, make_tiny, tmp_path):
    tiny = make_tiny("mnist")
    folder = tiny.write(tmp_path / "data" / deeper)
    assert find(tiny, tmp_path / "data") == inside(folder, tiny.packed)
    assert are_available(tiny.dataset, str(tmp_path / "data"))


def test_of_several_folders_the_one_named_for_the_dataset_is_taken(make_tiny, tmp_path):
    mnist, fashion = make_tiny("mnist"), make_tiny("fashion_mnist")
    for name in ("a", "FashionMNIST/raw", "MNIST/raw"):
        mnist.write(tmp_path / "data" / name)
    assert find(mnist, tmp_path / "data") == inside(tmp_path / "data" / "MNIST" / "raw", mnist.packed)
    assert find(fashion, tmp_path / "data") == inside(tmp_path / "data" / "FashionMNIST" / "raw", fashion.packed)


def test_a_folder_with_all_files_comes_before_one_with_some(make_tiny, tmp_path):
    tiny = make_tiny("mnist")
    tiny.write(tmp_path / "data", only=3)
    whole = tiny.write(tmp_path / "data" / "whole")
    assert find(tiny, tmp_path / "data") == inside(whole, tiny.packed)


def test_files_that_are_missing_are_named(tiny, tmp_path):
    first, *others = tiny.packed
    with pytest.raises(
        DatasetError,
        match=rf"^No {tiny.dataset.title} in '.*/empty', which does not exist: put {first}.* and .* there\.$",
    ):
        find(tiny, tmp_path / "empty")
    tiny.write(tmp_path / "data", only=len(others))
    assert not are_available(tiny.dataset, str(tmp_path / "data"))
    with pytest.raises(DatasetError, match=rf"^{others[-1]} of {tiny.dataset.title} is not in '.*': put it there\.$"):
        find(tiny, tmp_path / "data")


def test_an_unwritable_cache_is_named(tiny, private_cache):
    private_cache.mkdir()
    (private_cache / tiny.dataset.name).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"cannot be made \(File exists\): set DENSEBENCH_DATA"):
        find_files(tiny.dataset, data_dir=None, offline=False, on_progress=ignore_progress)
