"""Tests of ``densebench/data/datasets.py``."""

import subprocess
import sys

import numpy as np
import pytest

from densebench.config import DATASETS, DataConfig
from densebench.data.archives.catalogue import PUBLISHED
from densebench.data.cifar.loader import EDITIONS
from densebench.data.datasets import describe, describe_absent, load
from densebench.errors import InputError


@pytest.mark.parametrize("validation", [0, 50])
@pytest.mark.parametrize("limits", [(None, None), (100, 40)])
@pytest.mark.parametrize("dataset", ["digits", "synthetic", "folder"])
def test_the_facts_are_those_of_the_loaded_dataset(dataset, limits, validation, image_folder):
    if dataset == "folder":
        parts = {"train/a": 100, "train/b": 90, "test/a": 30, "test/b": 10}
        dataset = f"folder:{image_folder(parts)}"
    config = DataConfig(dataset=dataset, train_limit=limits[0], test_limit=limits[1], validation=validation)
    facts, loaded = describe(config), load(config)
    assert facts.name == loaded.name
    assert facts.classes == len(loaded.class_names)
    assert facts.image_size == loaded.image_size == loaded.train.pixels.shape[1]
    assert facts.train_images == len(loaded.train.labels) == len(loaded.train.pixels)
    assert facts.test_images == len(loaded.test.labels) == len(loaded.test.pixels)
    assert facts.validation_images == (0 if loaded.validation is None else len(loaded.validation.labels))


def test_every_name_is_that_of_a_dataset():
    assert [describe(DataConfig(dataset=name)).name for name in DATASETS] == list(DATASETS)
    assert {*EDITIONS, *PUBLISHED} < set(DATASETS)


def test_facts_need_no_heavy_module(image_folder):
    folder = image_folder({"train/a": 2, "train/b": 2, "test/a": 1, "test/b": 1})
    code = f"""
import sys
from densebench.config import DATASETS, DataConfig
from densebench.data.datasets import describe
for name in (*DATASETS, "folder:{folder}"):
    describe(DataConfig(dataset=name))
heavy = {{"numpy", "scipy", "sklearn", "urllib.request", "psutil"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_loading_twice_gives_the_same_images_and_hash():
    config = DataConfig(dataset="digits", train_limit=200, validation=30)
    one, other = load(config), load(config)
    assert one.sha256 == other.sha256
    assert np.array_equal(one.train.pixels, other.train.pixels)


def test_a_smaller_limit_takes_some_of_the_images_of_a_larger_one():
    small, large = (load(DataConfig(dataset="digits", train_limit=limit)) for limit in (50, 300))
    assert {image.tobytes() for image in small.train.pixels} <= {image.tobytes() for image in large.train.pixels}
    assert np.bincount(small.train.labels).tolist() == [5] * 10
    assert small.sha256 != large.sha256


def test_validation_images_are_held_out_of_train_balanced_and_the_same_under_every_limit():
    with_limit = load(DataConfig(dataset="digits", validation=40, train_limit=100))
    without = load(DataConfig(dataset="digits", validation=40))
    assert np.array_equal(with_limit.validation.pixels, without.validation.pixels)
    assert np.bincount(without.validation.labels).tolist() == [4] * 10
    held_out = sorted(image.tobytes() for image in without.validation.pixels)
    everything = sorted(image.tobytes() for image in load(DataConfig(dataset="digits")).train.pixels)
    assert sorted([*held_out, *(image.tobytes() for image in without.train.pixels)]) == everything


def test_arrays_are_as_the_batches_need_them():
    dataset = load(DataConfig(dataset="digits", validation=20, train_limit=30))
    for images in (dataset.train, dataset.validation, dataset.test):
        assert images.pixels.dtype == np.uint8
        assert images.pixels.flags.c_contiguous
        assert images.labels.dtype == np.int32


def test_mean_and_deviation_are_those_of_the_images_trained_on():
    dataset = load(DataConfig(dataset="digits", train_limit=100))
    assert dataset.mean == pytest.approx(dataset.train.pixels.mean(axis=(0, 1, 2)))
    assert dataset.deviation == pytest.approx(dataset.train.pixels.std(axis=(0, 1, 2)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "cifar-10"}, "Unknown dataset 'cifar-10': did you mean cifar10"),
        (
            {"dataset": "imagenet"},
            "Unknown dataset 'imagenet': choose from cifar10, cifar100, mnist, fashion_mnist, svhn, digits, synthetic, "
            "folder:PATH",
        ),
        ({"dataset": "digits", "classes": 100}, "--classes 100 does not fit digits, which has 10 classes"),
        ({"dataset": "digits", "validation": 1437}, "--validation 1437 leaves nothing to train on: digits has 1,437"),
        ({"dataset": "digits", "train_limit": 1438}, "--train-limit 1438 asks for more than the 1,437 training images"),
        (
            {"dataset": "digits", "train_limit": 1437, "validation": 1},
            "more than the 1,436 training images of digits besides those held out",
        ),
        ({"dataset": "cifar10", "test_limit": 10_001}, "--test-limit 10001 asks for more than the 10,000 test images"),
        (
            {"dataset": "cifar10", "test_fraction": 0.5},
            "--test-fraction is for images without a test split of their own, those of a folder or of Kaggle; cifar10",
        ),
    ],
)
def test_what_the_dataset_has_not_got_is_refused_before_anything_loads(options, message):
    config = DataConfig(**options)
    with pytest.raises(InputError) as describing:
        describe(config)
    assert message in str(describing.value)
    with pytest.raises(InputError) as loading:
        load(config)
    assert str(loading.value) == str(describing.value)


def test_the_classes_that_a_dataset_has_may_be_named():
    assert describe(DataConfig(dataset="cifar100", classes=100)).classes == 100


@pytest.mark.parametrize("options", [{"train_limit": 10**12}, {"test_limit": 10**12}, {"image_size": 10**6}])
@pytest.mark.parametrize("dataset", ["synthetic", "digits"])
def test_more_than_the_memory_holds_is_refused_before_it_is_taken(options, dataset):
    with pytest.raises(InputError, match=r"GiB are free|asks for more than the"):
        load(DataConfig(dataset=dataset, **options))


def test_another_image_size_is_a_fact_and_a_loaded_one():
    config = DataConfig(dataset="digits", image_size=20, train_limit=10, test_limit=10)
    assert describe(config).image_size == 20
    assert load(config).train.pixels.shape == (10, 20, 20, 3)


def test_where_no_cache_can_be_made_that_is_what_is_said_of_the_datasets(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DENSEBENCH_DATA", str(tmp_path / "file" / "below"))
    (sentence,) = describe_absent(None)
    assert "set DENSEBENCH_DATA to another" in sentence
