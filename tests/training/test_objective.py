from dataclasses import replace

import keras
import pytest

from densebench.training.objective import compute_penalty, find_decayed


def test_the_decay_acts_on_kernels_alone(build):
    variables = build().model.trainable_variables
    chosen = {
        variable.path.split("/")[-1]
        for variable, decays in zip(variables, find_decayed(variables), strict=True)
        if decays
    }
    spared = {
        variable.path.split("/")[-1]
        for variable, decays in zip(variables, find_decayed(variables), strict=True)
        if not decays
    }
    assert (chosen, spared) == ({"kernel"}, {"gamma", "beta", "bias"})


def test_the_penalty_is_the_sum_of_the_models_own_l2_losses(config, build):
    trainee = build(replace(config, recipe=replace(config.recipe, weight_decay=0.02)), "plain")
    regularisers = sum(float(keras.ops.convert_to_numpy(loss)) for loss in trainee.model.losses)
    assert compute_penalty(trainee.model, 0.02) == pytest.approx(regularisers, rel=1e-5)
