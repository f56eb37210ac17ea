"""Tests of ``densebench/data/synthetic.py``."""

import numpy as np

from densebench.config import DataConfig
from densebench.data import synthetic


def everything(split):
    return split.read(np.arange(len(split.labels)))


def test_there_are_as_many_images_as_asked_for_at_the_size_asked_for():
    config = DataConfig(dataset="synthetic", train_limit=30, test_limit=20, image_size=7, classes=3)
    source, facts = synthetic.load_source(config), synthetic.describe(config)
    assert everything(source.train).shape == (30, 7, 7, 3)
    assert everything(source.test).shape == (20, 7, 7, 3)
    assert np.bincount(source.train.labels).tolist() == [10, 10, 10]
    assert (facts.train_images, facts.test_images, facts.image_size, facts.classes) == (30, 20, 7, 3)


def test_what_is_held_out_for_validation_comes_on_top():
    assert synthetic.describe(DataConfig(dataset="synthetic", train_limit=30, validation=5)).train_images == 35


def test_the_accuracy_on_it_is_marked_as_meaningless():
    assert synthetic.load_source(DataConfig(dataset="synthetic")).random_labels


def test_an_image_depends_on_its_index_alone():
    split = synthetic.load_source(DataConfig(dataset="synthetic", image_size=5)).train
    assert np.array_equal(split.read(np.array([3, 9]))[1], everything(split)[9])


def test_pixels_are_uniform_and_differ_between_images_and_splits():
    source = synthetic.load_source(DataConfig(dataset="synthetic"))
    train, test = everything(source.train), everything(source.test)
    assert len({image.tobytes() for image in (*train, *test)}) == len(train) + len(test)
    counts = np.bincount(train.ravel(), minlength=256)
    expected = train.size / 256
    assert abs(counts - expected).max() < 5 * expected**0.5
