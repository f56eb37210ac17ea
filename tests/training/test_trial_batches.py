import dataclasses
from itertools import islice

import numpy as np
import pytest

from densebench.data.images import Images
from densebench.data.prefetch import Prefetched
from densebench.measuring.stopping_rule import choose_patience
from densebench.training.loop import make_batches
from densebench.training.trial_batches import TrialBatches

SIZE = 8


@pytest.fixture
def trial_batches(config, facts, dataset):
    """Makes the batches of a trial on 20 images; the clock moves by ``step`` whenever it is read."""

    def make(step=1.0, limit=1e9, images=20, device="cpu"):
        readings = iter(range(1_000_000))
        chosen = Images(pixels=dataset.train.pixels[:images], labels=dataset.train.labels[:images])
        return TrialBatches(
            make_batches(dataclasses.replace(dataset, train=chosen), config, facts),
            images=images,
            batch_size=SIZE,
            time_limit=limit,
            clock=lambda: next(readings) * step,
            patience=choose_patience(device, energy=False),
        )

    return make


def sizes(batches, epoch=1):
    return [len(y) for _, y in batches.epoch(epoch)]


def test_an_epoch_is_full_batches_and_one_as_small_as_the_datasets_last(trial_batches):
    made = trial_batches(limit=30.0)
    *full, last = sizes(made)
    assert set(full) == {SIZE}
    assert last == 20 % SIZE
    assert made.images == sum(full) + last


def test_a_dataset_of_whole_batches_ends_with_a_whole_one(trial_batches):
    made = trial_batches(limit=30.0, images=16)
    assert set(sizes(made)) == {SIZE}


def test_later_epochs_are_two_steps_and_do_not_count(trial_batches):
    made = trial_batches(limit=30.0)
    sizes(made)
    before = made.images
    assert sizes(made, 2) == [SIZE, 20 % SIZE]
    assert made.images == before


def test_it_ends_when_steps_that_all_take_as_long_are_known_well_enough(trial_batches):
    assert 10 <= len(sizes(trial_batches())) < 20


def test_on_a_gpu_it_lasts_as_long_as_a_measurement_of_speed_with_its_warm_up(trial_batches):
    assert len(sizes(trial_batches(step=0.1))) < 40
    assert 50 <= len(sizes(trial_batches(step=0.1, device="gpu"))) < 60


def test_four_full_steps_are_made_however_short_the_time_is(trial_batches):
    assert sizes(trial_batches(limit=0.0)) == [SIZE] * 4 + [20 % SIZE]


def test_what_has_been_made_ahead_is_used_before_the_time_is_up(trial_batches):
    step, limit = 10.0, 100.0
    full = len(sizes(trial_batches(step=step, limit=limit))) - 1
    assert full * step <= limit


def test_the_images_are_those_of_a_training_and_change_from_round_to_round(trial_batches, config, facts, dataset):
    first = next(iter(make_batches(dataset, config, facts).epoch(1)))
    made = list(islice(trial_batches().epoch(1), 6))
    np.testing.assert_array_equal(made[0][0], first[0])
    assert not np.array_equal(made[0][0], made[3][0])


def test_a_thread_that_makes_them_ahead_gets_to_the_end(trial_batches):
    made = trial_batches(limit=30.0)
    assert sum(len(y) for _, y in Prefetched(made.epoch(1))) == made.images
