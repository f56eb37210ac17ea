from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench.training.objective import (
    compute_backward_sign,
    compute_loss,
    compute_penalty,
    find_decayed,
    find_not_finite,
)


def test_the_decay_acts_on_kernels_alone(config, build):
    variables = build().model.trainable_variables
    chosen = {
        variable.path.split("/")[-1]
        for variable, decays in zip(variables, find_decayed(variables, config.recipe), strict=True)
        if decays
    }
    spared = {
        variable.path.split("/")[-1]
        for variable, decays in zip(variables, find_decayed(variables, config.recipe), strict=True)
        if not decays
    }
    assert (chosen, spared) == ({"kernel"}, {"gamma", "beta", "bias"})


def test_the_penalty_is_the_sum_of_the_models_own_l2_losses(config, build):
    recipe = replace(config.recipe, weight_decay=0.02)
    trainee = build(replace(config, recipe=recipe), "plain")
    regularisers = sum(float(keras.ops.convert_to_numpy(loss)) for loss in trainee.model.losses)
    assert compute_penalty(trainee.model, recipe) == pytest.approx(regularisers, rel=1e-5)


def test_the_loss_is_the_mean_cross_entropy_with_smoothed_labels(facts):
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], dtype=np.float32))
    labels = np.array([0, 1], dtype=np.int32)
    loss, correct = (float(keras.ops.convert_to_numpy(one)) for one in compute_loss(logits, labels, smoothing=0.3))
    wanted = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    assert loss == pytest.approx(-(wanted * logits).sum(axis=-1).mean(), rel=1e-6)
    assert correct == 1.0


def test_a_failed_backward_pass_shows_but_an_overflow_under_a_loss_scale_does_not(facts):
    optimizer = keras.optimizers.SGD()
    gradients = [np.array([1.0, np.nan], dtype=np.float32), np.zeros(2, dtype=np.float32)]
    assert not np.isfinite(keras.ops.convert_to_numpy(compute_backward_sign(gradients, optimizer)))
    scaled = keras.optimizers.LossScaleOptimizer(optimizer)
    assert float(keras.ops.convert_to_numpy(compute_backward_sign(gradients, scaled))) == 0.0


def test_a_variable_that_is_not_finite_is_named(build):
    variables = build().model.variables
    assert find_not_finite(variables) is None
    variables[3].assign(np.full(variables[3].shape, np.inf, np.float32))
    assert find_not_finite(variables) == variables[3].path
