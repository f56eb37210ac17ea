"""Tests of ``densebench/data/cifar/forms/parquet.py``; without pyarrow pandas reads a stand-in for the format."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from densebench.data.cifar.forms import parquet
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError, InputError

LACKS_PYARROW = importlib.util.find_spec("pyarrow") is None


@pytest.fixture
def folder(tiny_cifar, tmp_path, pickled_parquet):
    """Train in two files, test in one."""
    folder, frame = tmp_path / "plain_text", tiny_cifar.make_frame("train")
    pickled_parquet(frame[:3], folder / "train-00000-of-00002.parquet")
    pickled_parquet(frame[3:], folder / "train-00001-of-00002.parquet")
    pickled_parquet(tiny_cifar.make_frame("test"), folder / "test-00000-of-00001.parquet")
    return folder


def read(tiny, folder):
    return parquet.read(tiny.edition, folder, ignore_progress)


def check_equal(copy, tiny):
    for split, images in (("train", copy.train), ("test", copy.test)):
        assert np.array_equal(images.pixels, tiny.pixels[split])
        assert np.array_equal(images.labels, tiny.labels[split])


def test_the_files_of_a_split_are_one_after_another(folder, tiny_cifar):
    assert parquet.find(tiny_cifar.edition, folder) == folder
    check_equal(read(tiny_cifar, folder), tiny_cifar)


@pytest.mark.skipif(LACKS_PYARROW, reason="pyarrow is not installed")
def test_real_files_are_read_as_well(tiny_cifar, tmp_path):
    for split in ("train", "test"):
        tiny_cifar.make_frame(split).to_parquet(tmp_path / f"{split}-00000-of-00001.parquet")
    check_equal(read(tiny_cifar, tmp_path), tiny_cifar)
    path = tmp_path / "test-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DatasetError, match=r"test-00000-of-00001.parquet' cannot be read \(Arrow"):
        read(tiny_cifar, tmp_path)


@pytest.mark.skipif(not LACKS_PYARROW, reason="pyarrow is installed")
def test_without_pyarrow_one_sentence_says_how_to_install_it(tiny_cifar, tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"train.parquet' needs pyarrow, which is missing: pip install 'densebench\["):
        read(tiny_cifar, tmp_path)


def test_the_column_of_images_may_have_another_name_and_hold_bytes_alone(folder, tiny_cifar, pickled_parquet):
    frame = tiny_cifar.make_frame("test").rename(columns={"img": "image"})
    frame["image"] = [cell["bytes"] for cell in frame["image"]]
    pickled_parquet(frame, folder / "test-00000-of-00001.parquet")
    check_equal(read(tiny_cifar, folder), tiny_cifar)


def test_only_a_folder_with_both_splits_is_found(folder, tiny_cifar, tmp_path):
    (folder / "test-00000-of-00001.parquet").rename(folder / "validation-00000-of-00001.parquet")
    for place in (folder, tmp_path / "missing"):
        assert parquet.find(tiny_cifar.edition, place) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame[:3], "has 3 test images with 3 labels"),
        (lambda frame: pd.concat([frame, frame]), "has 5 test images with 8 labels"),
        (lambda frame: frame.iloc[:, 1:], "has no column 'img' or 'image'"),
        (lambda frame: frame[["img"]], "has no column 'fine_label' or 'label'"),
        (
            lambda frame: frame.set_axis(["img", "label", "c"][: frame.shape[1]], axis=1).assign(label="cat"),
            "not whole",
        ),
        (lambda frame: frame.assign(img=[{"bytes": None, "path": "a.png"}] * 4), "image 0' has no bytes"),
        (lambda frame: frame.assign(img=[{"bytes": b"no image"}] * 4), "image 0' is not a readable image"),
        (lambda frame: frame.assign(img=["text"] * 4), "image 0' has no bytes"),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_one_sentence(change, reason, folder, tiny_cifar, pickled_parquet):
    pickled_parquet(change(tiny_cifar.make_frame("test")), folder / "test-00000-of-00001.parquet")
    with pytest.raises(DatasetError, match=rf"test-00000-of-00001.parquet.*{reason}"):
        read(tiny_cifar, folder)


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_the_tables_of_cifar100_are_not_taken_for_cifar10(folder, tiny_cifar, pickled_parquet):
    frame = tiny_cifar.make_frame("test").rename(columns={"label": "fine_label"})
    pickled_parquet(frame, folder / "test-00000-of-00001.parquet")
    with pytest.raises(
        DatasetError, match="has the column 'fine_label', which is CIFAR-100's: give --dataset cifar100"
    ):
        read(tiny_cifar, folder)


def test_a_damaged_file_is_one_sentence(folder, tiny_cifar):
    (folder / "test-00000-of-00001.parquet").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match=r"test-00000-of-00001.parquet' cannot be read \(.+\): download it again"):
        read(tiny_cifar, folder)


def test_a_file_beyond_the_bound_is_not_read(folder, tiny_cifar, monkeypatch):
    monkeypatch.setattr(parquet, "_LARGEST", 10)
    with pytest.raises(DatasetError, match="more than 10 bytes"):
        read(tiny_cifar, folder)
