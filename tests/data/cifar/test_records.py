"""Tests of ``densebench/data/cifar/records.py``."""

import pickle

import numpy as np
import pytest

from densebench.data.cifar.editions import CIFAR10, CIFAR100
from densebench.data.cifar.records import read_class_names, read_images
from densebench.data.cifar.tar import Content
from densebench.errors import DatasetError

RECORD = 1 + 3072
NAMES = [f"name_{index}" for index in range(10)]


def content(data: bytes) -> Content:
    return Content(name="batch", data=data)


def pickled(value: object) -> Content:
    return content(pickle.dumps(value, protocol=4))


def test_the_planes_of_a_record_become_the_channels_of_a_pixel():
    planes = bytes([10]) * 1024 + bytes([20]) * 1024 + bytes([30]) * 1023 + bytes([31])
    images = read_images(content(bytes([3]) + planes), 1, CIFAR10, CIFAR10.binary)
    assert images.labels.tolist() == [3]
    assert images.pixels[0, 0, 0].tolist() == [10, 20, 30]
    assert images.pixels[0, 31, 31].tolist() == [10, 20, 31]


def test_rows_come_before_columns():
    planes = np.zeros(3072, np.uint8)
    planes[33] = 5  # the red plane's second row, second column
    images = read_images(content(bytes([0]) + planes.tobytes()), 1, CIFAR10, CIFAR10.binary)
    assert images.pixels[0, 1, 1].tolist() == [5, 0, 0]


def test_the_class_of_cifar100_is_the_fine_label():
    images = read_images(content(bytes([19, 99]) + bytes(3072)), 1, CIFAR100, CIFAR100.binary)
    assert images.labels.tolist() == [99]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes(RECORD * 2), "2 images with 2 labels instead of 1"),
        (b"", "0 images with 0 labels instead of 1"),
        (bytes(RECORD - 1), "3,072 bytes, no multiple of a record's 3,073"),
        (bytes([10]) + bytes(3072), "a label outside 0 to 9"),
    ],
)
def test_records_that_do_not_fit_are_refused(data, message):
    with pytest.raises(DatasetError, match=rf"'batch' is malformed \({message}\): download the archive again"):
        read_images(content(data), 1, CIFAR10, CIFAR10.binary)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "no dictionary"),
        ({}, "no list 'labels'"),
        ({"labels": (1,)}, "no list 'labels'"),
        ({"labels": [1]}, "no array 'data'"),
        ({"labels": [1], "data": bytes(3072)}, "no array 'data'"),
        ({"labels": [1], "data": np.zeros((1, 3071), np.uint8)}, "no array 'data' of 3,072 bytes an image"),
        ({"labels": [1], "data": np.zeros((7, 3072), np.uint8)}, "7 images with 1 labels instead of 1"),
        ({"labels": [1, 2], "data": np.zeros((1, 3072), np.uint8)}, "1 images with 2 labels instead of 1"),
        ({"labels": [77], "data": np.zeros((1, 3072), np.uint8)}, "a label outside 0 to 9"),
        ({"labels": [-1], "data": np.zeros((1, 3072), np.uint8)}, "a label that is not a number from 0 to 255"),
        ({"labels": [True], "data": np.zeros((1, 3072), np.uint8)}, "a label that is not a number from 0 to 255"),
        ({"labels": ["1"], "data": np.zeros((1, 3072), np.uint8)}, "a label that is not a number from 0 to 255"),
        ({"labels": [1], "data": np.zeros((1, 3072), np.float32)}, "not a plain pickle"),
        ({"labels": [1], "data": np.array([[{}]], object)}, "not a plain pickle"),
    ],
)
def test_pickled_batches_that_do_not_fit_are_refused(value, message):
    with pytest.raises(DatasetError, match=message):
        read_images(pickled(value), 1, CIFAR10, CIFAR10.python)


def test_a_pickled_batch_holds_the_same_images_as_the_records(python_2_batch):
    planes = np.random.default_rng(0).integers(0, 256, (2, 3072), np.uint8)
    records = b"".join(bytes([label]) + row.tobytes() for label, row in zip((4, 9), planes, strict=True))
    binary = read_images(content(records), 2, CIFAR10, CIFAR10.binary)
    python = read_images(content(python_2_batch(planes, [4, 9], "labels")), 2, CIFAR10, CIFAR10.python)
    assert np.array_equal(binary.pixels, python.pixels)
    assert np.array_equal(binary.labels, python.labels)


def test_class_names_are_read_from_either_form():
    text = content(("\n".join(NAMES) + "\n\n").encode())
    assert read_class_names(text, CIFAR10, CIFAR10.binary) == tuple(NAMES)
    assert read_class_names(pickled({"label_names": NAMES}), CIFAR10, CIFAR10.python) == tuple(NAMES)


@pytest.mark.parametrize("names", [NAMES[:9], [*NAMES, "name_10"], [*NAMES[:9], "name_0"], [*NAMES[:9], "\x1b[31m"]])
def test_class_names_must_be_one_for_each_class_distinct_and_printable(names):
    for made, archive in (
        (content("\n".join(names).encode()), CIFAR10.binary),
        (pickled({"label_names": names}), CIFAR10.python),
    ):
        with pytest.raises(DatasetError, match="no list of 10 class names"):
            read_class_names(made, CIFAR10, archive)


def test_class_names_must_be_text():
    with pytest.raises(DatasetError, match="no list of 10 class names"):
        read_class_names(pickled({"label_names": [*NAMES[:9], 9]}), CIFAR10, CIFAR10.python)
