"""Tests of ``densebench/data/cifar/official_order.py``."""

import numpy as np
import pytest

from densebench.data.cifar.official_order import arrange_officially
from densebench.data.images import Images


def train(tiny_cifar, order=None) -> Images:
    pixels, labels = tiny_cifar.pixels["train"], tiny_cifar.labels["train"].astype(np.int32)
    chosen = np.arange(len(labels)) if order is None else order
    return Images(pixels=pixels[chosen], labels=labels[chosen])


def arrange(tiny_cifar, images: Images) -> Images | None:
    return arrange_officially(tiny_cifar.edition, tiny_cifar.edition.binary.train, images)


def test_the_official_images_are_known_by_the_checksums_of_the_binary_archive(tiny_cifar):
    images = train(tiny_cifar)
    assert arrange(tiny_cifar, images) is images


def test_batches_in_another_order_are_put_into_the_official_one(tiny_cifar):
    count = len(tiny_cifar.edition.binary.train)
    order = np.arange(4 * count).reshape(count, 4)[::-1].reshape(-1)
    arranged = arrange(tiny_cifar, train(tiny_cifar, order))
    assert np.array_equal(arranged.pixels, tiny_cifar.pixels["train"])
    assert np.array_equal(arranged.labels, tiny_cifar.labels["train"])


@pytest.mark.parametrize("change", ["a pixel", "a label", "the order", "a batch twice"])
def test_any_change_is_noticed(change, tiny_cifar):
    images = train(tiny_cifar)
    count = len(tiny_cifar.edition.binary.train)
    if change == "a pixel":
        images.pixels[-1, 31, 31, 2] ^= 1
    elif change == "a label":
        images.labels[1] = (images.labels[1] + 1) % tiny_cifar.edition.classes
    elif change == "the order":
        order = np.arange(4 * count)
        order[:2] = 1, 0
        images = train(tiny_cifar, order)
    elif count > 1:
        images = train(tiny_cifar, np.r_[np.arange(4), np.arange(4), np.arange(8, 4 * count)])
    else:
        images = train(tiny_cifar, np.array([0, 0, 2, 3]))
    assert arrange(tiny_cifar, images) is None
