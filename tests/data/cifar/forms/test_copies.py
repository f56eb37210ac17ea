"""Tests of ``densebench/data/cifar/forms/copies.py``."""

import numpy as np
import pytest

from densebench.data.cifar.editions import CIFAR10, CIFAR100
from densebench.data.cifar.forms.copies import check_images, count_images
from densebench.errors import DatasetError


def check(tiny, split, labels, count=None):
    pixels = np.zeros((len(labels) if count is None else count, 32, 32, 3), np.uint8)
    return check_images(tiny.edition, split, "/data/copy", pixels, np.array(labels))


@pytest.mark.parametrize("edition", [CIFAR10, CIFAR100])
def test_the_counts_are_the_published_ones(edition):
    assert count_images(edition) == {"train": 50_000, "test": 10_000}


def test_images_of_the_right_number_are_taken(tiny_cifar):
    images = check(tiny_cifar, "test", [tiny_cifar.edition.classes - 1, 0, 1, 2])
    assert images.labels.dtype == np.int32
    assert images.pixels.flags.c_contiguous


@pytest.mark.parametrize(
    ("labels", "count", "sentence"),
    [
        ([99, 0, 1], None, "has 3 test images with 3 labels, where CIFAR-100? has 4: make it again"),
        ([99, 0, 1, 2], 5, "has 5 test images with 4 labels, where CIFAR-100? has 4: make it again"),
        ([100, 0, 1, 2], None, "has a label outside 0 to 99?, those of CIFAR-100?: make it again"),
        ([-1, 0, 1, 2], None, "has a label outside 0 to 99?, those of CIFAR-100?: make it again"),
    ],
)
def test_other_numbers_and_impossible_labels_are_refused(labels, count, sentence, tiny_cifar):
    with pytest.raises(DatasetError, match=f"^'/data/copy' {sentence}"):
        check(tiny_cifar, "test", labels, count)


def test_coarse_labels_in_the_place_of_fine_ones_are_refused(tiny_cifar):
    if tiny_cifar.edition.coarse_labels:
        with pytest.raises(DatasetError, match="has the labels 0 to 19 alone, which are those of the coarse classes"):
            check(tiny_cifar, "test", [19, 0, 1, 2])
    else:
        assert check(tiny_cifar, "test", [3, 0, 1, 2]).labels.max() == 3
