"""Tests of ``densebench/data/cifar/forms/kaggle.py``."""

import io

import numpy as np
import pytest
from PIL import Image

from densebench.data.cifar.forms import kaggle
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError

# Kaggle has CIFAR-10 alone.
pytestmark = pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)


def read(tiny_cifar, folder):
    return kaggle.read(tiny_cifar.edition, folder, ignore_progress)


@pytest.mark.parametrize("images", ["train", "train/train"])
def test_images_are_read_in_the_order_of_their_numbers(images, tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle", images)
    assert kaggle.find(tiny_cifar.edition, folder) == folder
    copy = read(tiny_cifar, folder)
    assert np.array_equal(copy.train.pixels, tiny_cifar.pixels["train"])
    assert np.array_equal(copy.train.labels, tiny_cifar.labels["train"])
    assert copy.test is None


def test_the_lines_of_the_labels_may_come_in_any_order(tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle")
    first, *others = (folder / "trainLabels.csv").read_text().splitlines()
    (folder / "trainLabels.csv").write_text("\r\n".join(["\ufeff" + first, *others[::-1]]), encoding="utf-8")
    assert np.array_equal(read(tiny_cifar, folder).train.labels, tiny_cifar.labels["train"])


def test_without_the_images_the_archive_to_unpack_is_named(tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle")
    (folder / "train").rename(folder / "elsewhere")
    with pytest.raises(DatasetError, match=r"kaggle/train' has no image '1.png': unpack Kaggle's train.7z there\.$"):
        read(tiny_cifar, folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: [], r"cannot be used \(its first line is not 'id,label'\)"),
        (lambda lines: lines[1:], r"cannot be used \(its first line is not 'id,label'\)"),
        (lambda lines: lines[:-1], "does not label the images 1 to 20"),
        (lambda lines: [*lines, "21,cat"], "does not label the images 1 to 20"),
        (lambda lines: [*lines, "0,cat"], "does not label the images 1 to 20"),
        (lambda lines: [*lines, "1,lion"], r"cannot be used \('lion' is no class of CIFAR-10\)"),
        (lambda lines: [*lines, "1"], "cannot be used"),
        (lambda lines: [*lines, "one,cat"], "cannot be used"),
        (lambda lines: [*lines, "1" * 200_000 + ",cat"], "cannot be used|does not label"),
        (lambda lines: [*lines, "\udcff"], "cannot be used"),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_one_sentence(change, reason, tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle")
    path = folder / "trainLabels.csv"
    lines = change(path.read_text().splitlines())
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    with pytest.raises(DatasetError, match=rf"trainLabels.csv' ({reason}).*: download it again\.$"):
        read(tiny_cifar, folder)


def encoded(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no image", r"is not a readable image \(unknown content\)"),
        (encoded((32, 32))[:-20], "is not a readable image"),
        (encoded((32, 33)), "is 32x33, not 32x32"),
        (None, r"cannot be read \(No such file or directory\)"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(data, reason, tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle")
    path = folder / "train" / "7.png"
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(DatasetError, match=rf"train/7.png' {reason}.*: unpack Kaggle's train.7z again\.$"):
        read(tiny_cifar, folder)
