import numpy as np
import pytest

from densebench.data.batches import standardise as apply
from densebench.errors import InputError
from densebench.running.jobs.preparation import RAW, parse_preparation, standardise

PIXELS = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)


def prepared(text):
    preparation = parse_preparation(text)
    return apply(PIXELS, preparation.mean, preparation.deviation)


def test_each_name_gives_the_values_that_it_says():
    pixels = PIXELS.astype(np.float32)
    np.testing.assert_array_equal(prepared("raw"), pixels)
    np.testing.assert_array_equal(prepared("zero-one"), pixels / np.float32(255))
    np.testing.assert_allclose(prepared("minus-one-one"), pixels / 127.5 - 1, atol=1e-6)
    assert parse_preparation("standardise") is None


def test_numbers_are_for_every_channel_or_for_each():
    assert parse_preparation("120/60").mean == (120.0, 120.0, 120.0)
    by_channel = parse_preparation("125.3,123.0,113.9/63,62.1,66.7")
    assert (by_channel.mean, by_channel.deviation) == ((125.3, 123.0, 113.9), (63.0, 62.1, 66.7))


def test_numbers_of_images_from_zero_to_one_are_scaled_and_told_as_pixels():
    preparation = parse_preparation("0.5/0.25")
    assert (preparation.mean[0], preparation.deviation[0]) == (127.5, 63.75)
    assert "(pixel - (127.5, 127.5, 127.5)) / (63.75, 63.75, 63.75)" in preparation.described


@pytest.mark.parametrize("text", ["", "caffe", "120", "120/", "/60", "120/0", "1,2/3", "nan/1", "1,2,3,4/5", "120/-1"])
def test_what_cannot_be_read_is_refused_with_the_choices(text):
    with pytest.raises(InputError, match="standardise, zero-one, minus-one-one, raw or MEAN/DEVIATION"):
        parse_preparation(text)


def test_what_can_mean_two_things_is_refused():
    with pytest.raises(InputError, match="give raw or zero-one"):
        parse_preparation("0/1")


def test_a_preparation_says_whose_numbers_it_has():
    assert standardise((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), "of the run").described == (
        "standardise: (pixel - (1, 2, 3)) / (4, 5, 6), of the run"
    )
    assert RAW.described == "raw: pixels from 0 to 255"
