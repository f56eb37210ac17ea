from dataclasses import replace

import keras
import numpy as np


def test_the_optimizer_has_its_variables_before_any_step(build):
    trainee = build()
    assert len(trainee.optimizer.variables) == 2 + len(trainee.model.trainable_variables)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(config, build):
    def kernel(seed):
        return np.array(keras.ops.convert_to_numpy(build(replace(config, seed=seed)).model.trainable_variables[0]))

    assert np.array_equal(kernel(1), kernel(1))
    assert not np.array_equal(kernel(1), kernel(2))
