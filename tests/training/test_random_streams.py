import keras
import numpy as np
import pytest

from densebench.training.random_streams import rekey


@pytest.fixture
def draws(facts):
    image = keras.Input((50,))
    model = keras.Model(image, keras.layers.Dropout(0.5)(keras.layers.Dropout(0.5)(image)))

    def draws(seed, epoch):
        rekey(model, seed, epoch)
        return [
            np.array(keras.ops.convert_to_numpy(model(np.ones((2, 50), np.float32), training=True))) for _ in range(2)
        ]

    return draws


def test_an_epochs_draws_depend_on_seed_and_epoch_alone(draws):
    first = draws(1, 2)
    draws(5, 1)
    again = draws(1, 2)
    assert np.array_equal(first, again)


def test_other_epochs_and_other_seeds_draw_otherwise(draws):
    assert not np.array_equal(draws(1, 2), draws(1, 3))
    assert not np.array_equal(draws(1, 2), draws(2, 2))
