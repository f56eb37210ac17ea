import dataclasses
import json

import pytest

from densebench.config import DataConfig
from densebench.data import datasets
from densebench.data.identity import (
    SplitIdentity,
    describe_class_changes,
    describe_image_changes,
    identify,
    list_data_changes,
    parse_identity,
)

CONFIG = DataConfig(dataset="synthetic", image_size=4, classes=3, train_limit=9, test_limit=6)


@pytest.fixture
def dataset():
    return datasets.load(CONFIG)


def test_the_same_data_have_one_identity_that_survives_json(dataset):
    data = identify(dataset)
    assert data == identify(datasets.load(CONFIG))
    assert parse_identity(json.loads(json.dumps(dataclasses.asdict(data)))) == data
    assert list_data_changes(data, data) == []


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (("ant", "bee", "cow"), None),
        (("cow", "bee", "ant"), None),
        (("aardvark", "ant", "bee"), "class 'cow' became 'aardvark'"),
        (("ant", "bee", "cow", "dog"), "class 'dog' added"),
        (("ant", "dog"), "classes 'bee', 'cow' missing and class 'dog' added"),
        (("a", "b", "c", "d", "ant", "bee", "cow"), "classes 'a', 'b', 'c' and 1 more added"),
    ],
)
def test_classes_that_changed_are_named(now, sentence):
    assert describe_class_changes(("ant", "bee", "cow"), now) == sentence


def test_images_that_changed_are_counted():
    before = SplitIdentity(images=1200, sha256="a")
    assert describe_image_changes("test", before, before) is None
    assert describe_image_changes("test", before, SplitIdentity(images=7, sha256="b")) == (
        "test images changed (1,200 -> 7)"
    )
    assert describe_image_changes("validation", None, before) == "validation images changed (0 -> 1,200)"
    assert "other pixels or labels" in str(
        describe_image_changes("train", before, dataclasses.replace(before, sha256="b"))
    )


def test_one_pixel_or_one_label_is_a_change(dataset):
    data = identify(dataset)
    dataset.test.pixels[0, 0, 0, 0] ^= 1
    assert list_data_changes(data, identify(dataset)) == ["test images changed (still 6, but other pixels or labels)"]
    dataset.test.pixels[0, 0, 0, 0] ^= 1
    dataset.train.labels[0] += 1
    assert list_data_changes(data, identify(dataset)) == ["train images changed (still 9, but other pixels or labels)"]


def test_the_order_of_classes_is_part_of_the_data(dataset):
    data = identify(dataset)
    turned = dataclasses.replace(data, class_names=data.class_names[::-1])
    assert list_data_changes(data, turned) == ["the order of the classes changed"]
