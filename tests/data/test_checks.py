"""Tests of ``densebench/data/checks.py``."""

import numpy as np
import pytest

from densebench.data.checks import (
    describe_decoding,
    find_lost_classes,
    refuse_bad_images,
    refuse_equal_images,
    refuse_lost_class,
    refuse_lost_validation,
    refuse_one_class,
)
from densebench.data.images import BadFile, Images, Treatment
from densebench.errors import DatasetError

NAMES = ("cat", "dog")


def images(values: list[int], labels: list[int]) -> Images:
    pixels = np.array(values, np.uint8)[:, None, None, None].repeat(3, axis=3)
    return Images(pixels=pixels, labels=np.array(labels, np.int32))


def bad_file(name: str) -> BadFile:
    return BadFile(path=name, complaint=f"'{name}' is bad")


DIFFERENT = images([1, 2], [0, 1])


@pytest.mark.parametrize("count", [2, 20, 21, 1000])
def test_the_first_twenty_bad_images_are_named_and_all_are_counted(count):
    with pytest.raises(DatasetError) as raised:
        refuse_bad_images([bad_file(f"{index:04d}.png") for index in range(count)])
    sentence = str(raised.value)
    assert sentence.startswith(f"{count:,} images cannot be used, '0000.png' is bad, ")
    assert sentence.count(".png") == min(count, 20)
    assert (f"and {count - 20:,} more" in sentence) == (count > 20)
    assert sentence.endswith("repair or remove them, or give --skip-bad-images.")


def test_one_bad_image_is_one_sentence():
    with pytest.raises(DatasetError, match=r"^'a.png' is bad: repair or remove it, or give --skip-bad-images\.$"):
        refuse_bad_images([bad_file("a.png")])


def test_a_class_is_lost_if_none_of_its_images_is_kept():
    asked, kept = (np.array(labels, np.int32) for labels in ([0, 0, 1, 2], [0, 2]))
    assert find_lost_classes(asked, kept) == (1,)
    with pytest.raises(DatasetError, match=r"No test image of class 'dog' can be used \('a.png' is bad\)"):
        refuse_lost_class("test", "dog", bad_file("a.png"))


def test_validation_images_that_are_all_bad_are_refused():
    with pytest.raises(DatasetError, match=r"None of the 2 validation images can be used \('a.png' is bad\)"):
        refuse_lost_validation([bad_file("a.png"), bad_file("b.png")])


def test_classes_of_one_image_and_different_images_pass():
    refuse_equal_images(NAMES, DIFFERENT, DIFFERENT)
    refuse_equal_images(NAMES, images([1, 2, 2, 1], [0, 1, 0, 1]), images([5], [0]))
    refuse_equal_images(NAMES, images([1, 2, 2], [0, 0, 1]), DIFFERENT)


@pytest.mark.parametrize(
    ("train", "test", "sentence"),
    [
        (images([7, 7], [0, 1]), DIFFERENT, "All 2 training images are equal"),
        (DIFFERENT, images([7, 7], [0, 1]), "All 2 test images are equal"),
        (images([7, 1, 1, 2], [0, 1, 1, 0]), DIFFERENT, "All 2 training images of class 'dog' are equal"),
    ],
)
def test_equal_images_are_refused_in_one_sentence(train, test, sentence):
    with pytest.raises(DatasetError, match=f"^{sentence}: check how they were made"):
        refuse_equal_images(NAMES, train, test)


def test_what_was_done_to_the_images_is_summed_over_the_splits():
    treatments = [Treatment(transparent=1, sixteen_bit=2), Treatment(transparent=2, animated=1, dark=1, sixteen_bit=1)]
    assert describe_decoding([bad_file("a.png")], treatments) == (
        "bad images skipped: 1, such as 'a.png'",
        "transparent images composed on white: 3",
        "images of 16 bits a channel scaled to 8: 3 (nearly black, for they use the lowest 12 bits only: 1)",
        "animated images of which only the first frame is used: 1",
    )
    assert describe_decoding([], [Treatment(), Treatment()]) == ()


def test_training_images_of_one_class_alone_are_refused():
    with pytest.raises(DatasetError, match="All 3 training images are of class 'dog': check how they were labelled"):
        refuse_one_class(NAMES, images([1, 2, 3], [1, 1, 1]))
    refuse_one_class(NAMES, DIFFERENT)
    refuse_one_class(NAMES, images([1], [1]))
    refuse_one_class(("dog",), images([1, 2], [0, 0]))
