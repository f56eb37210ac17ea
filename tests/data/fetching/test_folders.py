"""Tests of ``densebench/data/fetching/folders.py``."""

from pathlib import Path

import pytest

from densebench.data.fetching.folders import find_directory, list_folders


def test_a_data_directory_is_taken_as_it_is_and_the_cache_without_one(private_cache, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert find_directory("~/data") == Path("/home/someone/data")
    assert find_directory(None) == private_cache


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("cifar10", ["", "cifar-10-batches-py", "CIFAR10", "other"]),
        ("cifar100", ["", "cifar_100", "other"]),
        ("mnist", ["", "MNIST", "other"]),
        ("fashion_mnist", ["", "FashionMNIST", "fashion-mnist", "other"]),
        ("svhn", ["", "other"]),
    ],
)
def test_folders_named_for_the_dataset_come_before_others_and_those_of_other_datasets_are_left_out(
    dataset, expected, tmp_path
):
    for name in (
        "other", "cifar-10-batches-py", "CIFAR10", "cifar_100", "MNIST", "FashionMNIST", "fashion-mnist", ".hidden",
    ):  # fmt: skip
        (tmp_path / name).mkdir()
    (tmp_path / "svhn").write_bytes(b"a file")
    found = [str(folder.relative_to(tmp_path)).strip(".") for folder in list_folders(tmp_path, dataset)]
    assert found == sorted(expected[:1]) + sorted(expected[1:-1]) + expected[-1:]


def test_what_cannot_be_listed_is_itself_alone(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    for path in (file, tmp_path / "missing"):
        assert list(list_folders(path, "mnist")) == [path]
