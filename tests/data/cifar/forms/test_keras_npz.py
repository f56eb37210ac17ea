"""Tests of ``densebench/data/cifar/forms/keras_npz.py``."""

import pickle
import zipfile

import numpy as np
import pytest

from densebench.data.cifar.forms import keras_npz
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError


def read(tiny, path):
    return keras_npz.read(tiny.edition, path, ignore_progress)


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_the_arrays_are_the_images_with_labels_in_a_row_or_a_column(kind, columns, tiny_cifar, tmp_path):
    shape = (-1, 1) if columns == 2 else (-1,)
    labels = {f"y_{split}": found.astype(kind).reshape(shape) for split, found in tiny_cifar.labels.items()}
    copy = read(tiny_cifar, tiny_cifar.write_npz(tmp_path / "arrays.npz", **labels))
    for split, images in (("train", copy.train), ("test", copy.test)):
        assert np.array_equal(images.pixels, tiny_cifar.pixels[split])
        assert np.array_equal(images.labels, tiny_cifar.labels[split])


def test_channels_may_come_first_as_keras_can_be_set_to(tiny_cifar, tmp_path):
    first = {f"x_{split}": pixels.transpose(0, 3, 1, 2) for split, pixels in tiny_cifar.pixels.items()}
    copy = read(tiny_cifar, tiny_cifar.write_npz(tmp_path / "arrays.npz", **first))
    assert np.array_equal(copy.train.pixels, tiny_cifar.pixels["train"])


def test_of_several_files_the_one_named_for_the_edition_is_taken_and_none_of_another_dataset(tiny_cifar, tmp_path):
    edition = tiny_cifar.edition
    other = "cifar-100.npz" if edition.name == "cifar10" else "cifar-10.npz"
    for name in (other, "mnist.npz"):
        tiny_cifar.write_npz(tmp_path / "data" / name)
    np.savez(tmp_path / "data" / "a.npz", pixels=np.zeros(3))
    (tmp_path / "data" / "b.npz").write_bytes(b"no zip")
    assert keras_npz.find(edition, tmp_path / "data") is None
    arrays = tiny_cifar.write_npz(tmp_path / "data" / "arrays.npz")
    assert keras_npz.find(edition, tmp_path / "data") == arrays
    assert keras_npz.find(edition, arrays) == arrays
    own = tiny_cifar.write_npz(tmp_path / "data" / f"{edition.name}.npz")
    assert keras_npz.find(edition, tmp_path / "data") == own
    assert keras_npz.find(edition, tmp_path / "missing") is None


def test_a_file_that_is_named_for_the_edition_or_by_the_user_is_not_called_missing(tiny_cifar, tmp_path):
    own = tmp_path / f"{tiny_cifar.edition.name}.npz"
    for content in (b"no zip", b""):
        own.write_bytes(content)
        assert keras_npz.find(tiny_cifar.edition, tmp_path) == own
        with pytest.raises(DatasetError, match=r"npz' cannot be used \(.+\): save it again as Keras loads it"):
            read(tiny_cifar, own)
    named = tmp_path / "b.npz"
    named.write_bytes(b"no zip")
    assert keras_npz.find(tiny_cifar.edition, named) == named
    arrays = tiny_cifar.write_npz(tmp_path / "arrays.npz")
    assert keras_npz.find(tiny_cifar.edition, tmp_path) == arrays


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("x_train", np.zeros((20, 32, 32, 3)), "x_train is float64 in 4 dimensions"),
        ("x_train", np.zeros((20, 3072), np.uint8), "x_train is uint8 in 2 dimensions"),
        ("x_test", np.zeros((4, 28, 28, 3), np.uint8), "images of 28x28x3 instead of 32x32x3"),
        ("x_test", np.zeros((4, 32, 32, 3), np.uint16), "x_test holds uint16 instead of uint8"),
        ("y_test", np.zeros((4, 1)), "y_test is float64 in 2 dimensions"),
        ("y_train", np.array([{}], object), "y_train is object in 1 dimensions"),
    ],
)
def test_arrays_of_another_kind_are_refused_by_their_headers(name, array, reason, tiny_cifar, tmp_path):
    path = tiny_cifar.write_npz(tmp_path / "arrays.npz", **{name: array})
    with pytest.raises(
        DatasetError, match=rf"arrays.npz' cannot be used \({reason}\): save it again as Keras loads it"
    ):
        read(tiny_cifar, path)


def header(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (header("(1000000000, 32, 32, 3)") + bytes(10), "x_train is shorter than it says"),
        (header("(20, 32, 32, 3)") + bytes(20 * 3072 + 1), "x_train is longer than it says"),
        (header("(-1, 32, 32, 3)"), "."),
        (header("open('hacked', 'w')"), "."),
        (pickle.dumps([1]), "magic string is not correct"),
        (b"", "."),
    ],
)
def test_a_member_that_lies_is_refused_and_takes_no_memory(member, reason, tiny_cifar, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", member)
    with pytest.raises(DatasetError, match=rf"cannot be used \(.*{reason}"):
        read(tiny_cifar, path)
    assert not (tmp_path / "hacked").exists()


def test_a_file_that_is_cut_short_or_gone_is_one_sentence(tiny_cifar, tmp_path):
    path = tiny_cifar.write_npz(tmp_path / "arrays.npz")
    path.write_bytes(path.read_bytes()[:-100])
    for bad in (path, tmp_path / "missing.npz"):
        with pytest.raises(DatasetError, match=r"npz' cannot be used \(.+\): save it again"):
            read(tiny_cifar, bad)
