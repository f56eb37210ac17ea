"""Tests of ``densebench/data/batches.py``."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densebench.data.batches import (
    EvalBatches,
    TrainBatches,
    cut_out,
    describe_augmentation,
    mirror,
    shift,
    standardise,
)
from densebench.data.images import Images
from densebench.errors import InputError
from densebench.recipes import RECIPES, Recipe

MEAN, DEVIATION = (125.307, 122.95, 113.865), (62.9932, 62.0887, 66.7048)
PLAIN = replace(RECIPES["blog"], flip=False, shift=0.0)
FULL = replace(RECIPES["blog"], cutout=3)


def noise(count: int, side: int = 8) -> Images:
    pixels = np.random.default_rng(count).integers(0, 256, (count, side, side, 3), np.uint8)
    return Images(pixels=pixels, labels=np.arange(count, dtype=np.int32))


def batches(
    images: Images,
    *,
    recipe: Recipe = FULL,
    batch_size: int = 4,
    seed: int = 0,
    flip_allowed: bool = True,
    threads: int = 1,
):
    return TrainBatches(
        images,
        recipe=recipe,
        flip_allowed=flip_allowed,
        mean=MEAN,
        deviation=DEVIATION,
        batch_size=batch_size,
        seed=seed,
        threads=threads,
    )


def whole_epoch(images: Images, number: int = 1, **options) -> tuple[np.ndarray, np.ndarray]:
    xs, ys = zip(*batches(images, **options).epoch(number), strict=True)
    return np.concatenate(xs), np.concatenate(ys)


def by_image(images: Images, number: int = 1, **options) -> np.ndarray:
    """What becomes of each image in an epoch, in the images' own order."""
    x, y = whole_epoch(images, number, **options)
    return x[np.argsort(y)]


def test_every_image_comes_once_an_epoch_and_the_last_batch_is_smaller():
    train = batches(noise(10))
    sizes = [len(y) for _, y in train.epoch(1)]
    assert sizes == [4, 4, 2]
    assert train.steps == 3
    assert sorted(whole_epoch(noise(10))[1]) == list(range(10))


def test_the_threads_that_make_them_decide_nothing_about_batches():
    images = noise(50)
    for made, alone in zip(whole_epoch(images, 3, threads=3), whole_epoch(images, 3), strict=True):
        assert np.array_equal(made, alone)


def test_batches_are_contiguous_float32_with_int32_labels():
    for x, y in batches(noise(10)).epoch(1):
        assert x.dtype == np.float32
        assert x.flags.c_contiguous
        assert x.shape == (len(y), 8, 8, 3)
        assert y.dtype == np.int32


def test_an_epoch_is_the_same_whenever_it_is_asked_for():
    train = batches(noise(10))
    first = [x for x, _ in train.epoch(7)]
    list(train.epoch(8))
    assert all(np.array_equal(a, b) for a, b in zip(first, [x for x, _ in batches(noise(10)).epoch(7)], strict=True))


def test_order_and_augmentation_differ_between_epochs_and_between_seeds():
    images = noise(40)
    one, other_epoch, other_seed = (
        whole_epoch(images, 1),
        whole_epoch(images, 2),
        whole_epoch(images, 1, seed=1),
    )
    assert not np.array_equal(one[1], other_epoch[1])
    assert not np.array_equal(one[1], other_seed[1])
    first = by_image(images, 1)
    for other in (by_image(images, 2), by_image(images, 1, seed=1)):
        assert (first != other).any(axis=(1, 2, 3)).mean() > 0.9


@pytest.mark.parametrize("batch_size", [1, 3, 12])
def test_what_happens_to_an_image_does_not_depend_on_its_batch(batch_size):
    images = noise(12)
    assert np.array_equal(whole_epoch(images, batch_size=batch_size)[0], whole_epoch(images, batch_size=5)[0])


def test_what_happens_to_an_image_does_not_depend_on_the_other_images():
    many = noise(30)
    few = Images(pixels=many.pixels[:9], labels=many.labels[:9])
    assert np.array_equal(by_image(many)[:9], by_image(few))


def test_without_augmentation_the_images_are_standardised_and_shuffled():
    images = noise(10)
    x, y = whole_epoch(images, recipe=PLAIN)
    assert y.tolist() != sorted(y)
    expected = (images.pixels[y].astype(np.float32) - np.float32(MEAN)) / np.float32(DEVIATION)
    assert np.array_equal(x, expected)


def test_alternate_flips_show_each_image_and_its_mirror_image_in_turn():
    images = noise(40)
    plain = by_image(images, recipe=PLAIN)
    first, second, third = (
        by_image(images, number, recipe=replace(PLAIN, flip=True, alternate_flips=True)) for number in (1, 2, 3)
    )
    assert np.array_equal(first, third)
    assert np.array_equal(first, second[:, :, ::-1])
    mirrored = [not np.array_equal(one, original) for one, original in zip(first, plain, strict=True)]
    assert 10 < sum(mirrored) < 30


@pytest.mark.parametrize(("flip", "shift", "cutout"), [(True, 0, 0), (False, 0.25, 0), (False, 0, 3), (True, 0.25, 3)])
def test_each_image_is_one_of_the_outcomes_that_the_recipe_allows(flip, shift, cutout):
    images = noise(6, side=6)
    recipe = replace(RECIPES["blog"], flip=flip, shift=shift, cutout=cutout)
    plain = by_image(images, recipe=PLAIN)
    for augmented, original in zip(by_image(images, recipe=recipe), plain, strict=True):
        assert any(np.array_equal(augmented, outcome) for outcome in outcomes(original, flip, round(shift * 6), cutout))


def outcomes(image: np.ndarray, flip: bool, largest: int, cutout: int):
    """Every result of flipping, shifting and cutting, written as plainly as can be."""
    side = len(image)
    for mirrored in [image, image[:, ::-1]] if flip else [image]:
        for down in range(-largest, largest + 1):
            for right in range(-largest, largest + 1):
                moved = np.zeros_like(image)
                for row in range(side):
                    for column in range(side):
                        if 0 <= row - down < side and 0 <= column - right < side:
                            moved[row, column] = mirrored[row - down, column - right]
                if not cutout:
                    yield moved
                    continue
                for row in range(side):
                    for column in range(side):
                        cut = moved.copy()
                        top, left = row - cutout // 2, column - cutout // 2
                        cut[max(top, 0) : max(top + cutout, 0), max(left, 0) : max(left + cutout, 0)] = 0
                        yield cut


def test_half_of_the_images_are_flipped_and_every_shift_is_as_likely():
    ramp = np.arange(1, 17, dtype=np.uint8).reshape(4, 4, 1).repeat(3, axis=2)
    images = Images(pixels=np.stack([ramp] * 20_000), labels=np.arange(20_000, dtype=np.int32))
    recipe = replace(RECIPES["blog"], shift=0.25)
    x = by_image(images, recipe=recipe, batch_size=1000).astype(np.float64)[..., 0] * DEVIATION[0] + MEAN[0]
    centres = np.rint(x[:, 1:3, 1:3]).astype(int)
    mirrored = centres[:, 0, 0] > centres[:, 0, 1]
    assert abs(mirrored.mean() - 0.5) < 0.015  # four deviations
    _, counts = np.unique(centres.reshape(-1, 4), axis=0, return_counts=True)
    assert len(counts) == 18
    assert abs(counts - 20_000 / 18).max() < 4 * (20_000 / 18) ** 0.5


def test_a_dataset_that_must_not_be_mirrored_never_is():
    images = noise(50)
    recipe = replace(RECIPES["blog"], shift=0.0)
    assert np.array_equal(by_image(images, recipe=recipe, flip_allowed=False), by_image(images, recipe=PLAIN))


def test_the_chosen_images_are_mirrored_pixel_by_pixel():
    images = noise(3).pixels
    mirrored = images.copy()
    mirror(mirrored, np.array([True, False, True]))
    assert np.array_equal(mirrored[0], images[0][:, ::-1])
    assert np.array_equal(mirrored[1], images[1])
    assert np.array_equal(mirrored[2], images[2][:, ::-1])


def test_images_are_standardised_where_they_are_to_lie():
    room = np.zeros((2, 10, 10, 3), np.float32)
    pixels = noise(2).pixels
    standardise(pixels, MEAN, DEVIATION, out=room[:, 1:9, 1:9])
    assert np.array_equal(room[:, 1:9, 1:9], standardise(pixels, MEAN, DEVIATION))
    assert not room[:, 0].any()
    assert not room[:, :, 9].any()


@given(st.integers(1, 5), st.integers(0, 3), st.data())
@settings(max_examples=50)
def test_a_shift_moves_whole_pixels_and_fills_with_zeros(side, largest, data):
    x = np.arange(1, side * side * 3 + 1, dtype=np.float32).reshape(1, side, side, 3)
    down, right = (data.draw(st.integers(-largest, largest)) for _ in range(2))
    room = np.pad(x, ((0, 0), (largest, largest), (largest, largest), (0, 0)))
    moved = shift(room, np.array([largest + down]), np.array([largest + right]), largest)
    expected = np.zeros_like(x)
    for row in range(side):
        for column in range(side):
            if 0 <= row + down < side and 0 <= column + right < side:
                expected[0, row + down, column + right] = x[0, row, column]
    assert np.array_equal(moved, expected)


@given(st.integers(1, 9), st.integers(0, 9), st.data())
@settings(max_examples=50)
def test_a_cutout_is_a_square_around_its_centre_clipped_at_the_border(side, size, data):
    row, column = (data.draw(st.integers(0, side - 1)) for _ in range(2))
    x = np.ones((1, side, side, 3), np.float32)
    cut_out(x, np.array([row]), np.array([column]), size)
    top, left = row - size // 2, column - size // 2
    rows, columns = range(max(top, 0), min(top + size, side)), range(max(left, 0), min(left + size, side))
    zeros = {(int(r), int(c)) for r, c in np.argwhere(x[0, :, :, 0] == 0)}
    assert zeros == {(r, c) for r in rows for c in columns}
    assert np.array_equal(x[..., 0], x[..., 2])


def test_standardising_is_subtracting_and_dividing_in_float32():
    pixels = noise(4).pixels
    expected = (pixels.astype(np.float32) - np.float32(MEAN)) / np.float32(DEVIATION)
    assert np.array_equal(standardise(pixels, MEAN, DEVIATION), expected)


def test_evaluation_keeps_the_order_and_pads_the_last_batch():
    images = noise(10)
    evaluation = EvalBatches(images, mean=MEAN, deviation=DEVIATION, batch_size=4)
    found = list(evaluation)
    assert evaluation.steps == len(found) == 3
    assert [valid for _, _, valid in found] == [4, 4, 2]
    assert all(x.shape == (4, 8, 8, 3) and x.dtype == np.float32 for x, _, _ in found)
    assert np.concatenate([y[:valid] for _, y, valid in found]).tolist() == list(range(10))
    x = np.concatenate([x[:valid] for x, _, valid in found])
    assert np.array_equal(x, standardise(images.pixels, MEAN, DEVIATION))
    assert not found[-1][0][2:].any()


def test_the_images_themselves_are_left_as_they_are():
    images = noise(10)
    before = images.pixels.copy()
    whole_epoch(images)
    assert np.array_equal(images.pixels, before)


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(InputError, match="--batch-size 11 is larger than the 10 training images: use at most 10"):
        batches(noise(10), batch_size=11)


def test_a_cutout_larger_than_the_images_is_refused():
    with pytest.raises(InputError, match="9 pixels, is larger than the images, whose side is 8 pixels"):
        batches(noise(10), recipe=replace(FULL, cutout=9))


def test_the_augmentation_is_described_as_it_is_applied():
    assert describe_augmentation(RECIPES["blog"], flip_allowed=True) == "flip, shift 12.5%"
    assert describe_augmentation(FULL, flip_allowed=False) == "shift 12.5%, cutout 3"
    assert describe_augmentation(PLAIN, flip_allowed=True) == "none"
