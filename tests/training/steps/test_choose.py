"""One step, held against what Keras itself does with the same losses."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench.training.backends.backend import prepare
from densebench.training.steps.choose import make_steps


@pytest.fixture
def batch():
    random = np.random.default_rng(1)
    return random.standard_normal((8, 8, 8, 3), dtype=np.float32), random.integers(6, size=8, dtype=np.int32)


def values(variables):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def take_steps(trainee, recipe, facts, batches, rate=0.1):
    steps = make_steps(trainee, recipe, facts)
    steps.compile(*(len(y) for _, y in batches))
    steps.begin(rate)
    results = [steps.train(steps.place(x), steps.place(y)) for x, y in batches]
    steps.end()
    return results


def keras_step(model, recipe, batch, rate=0.1):
    """The same step by Keras: its L2 regularisers, its smoothed loss, its optimizer."""
    x, y = batch
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    model.compile(keras.optimizers.SGD(rate, momentum=recipe.momentum, nesterov=recipe.nesterov), loss)
    return model.train_on_batch(x, keras.utils.to_categorical(y, 6))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_a_step_does_to_every_variable_what_keras_does(config, facts, build, batch, smoothing, implementation):
    recipe = replace(config.recipe, weight_decay=0.01, label_smoothing=smoothing)
    ours = build(replace(config, recipe=recipe), implementation)
    theirs = build(replace(config, recipe=recipe), "plain")
    before = values(ours.model.variables)
    take_steps(ours, recipe, facts, [batch])
    keras_step(theirs.model, recipe, batch)
    for start, mine, reference in zip(
        before, values(ours.model.variables), values(theirs.model.variables), strict=True
    ):
        assert not np.array_equal(mine, start)
        np.testing.assert_allclose(mine, reference, rtol=1e-5, atol=1e-6)


def test_the_loss_shown_is_the_cross_entropy_without_the_penalty(config, facts, build, batch):
    recipe = replace(config.recipe, weight_decay=0.01)
    with_decay, without = build(replace(config, recipe=recipe)), build()
    x, y = batch
    logits = keras.ops.convert_to_numpy(without.model(x, training=True)).astype(np.float64)
    expected = np.mean(np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(8), y])
    (result,) = take_steps(with_decay, recipe, facts, [batch])
    assert result.loss == pytest.approx(expected, rel=1e-5)
    assert result.correct == (logits.argmax(axis=-1) == y).sum()


def test_the_learning_rate_is_the_one_given_at_the_beginning(config, facts, build, batch):
    plain = replace(config.recipe, weight_decay=0.0, momentum=0.0)
    moved = []
    for rate in (0.1, 0.05):
        trainee = build(replace(config, recipe=plain))
        before = values(trainee.model.trainable_variables)
        take_steps(trainee, plain, facts, [batch], rate)
        moved.append([new - old for new, old in zip(values(trainee.model.trainable_variables), before, strict=True)])
    for whole, half in zip(*moved, strict=True):
        np.testing.assert_allclose(half, whole / 2, rtol=1e-3, atol=1e-6)


def test_a_smaller_last_batch_is_a_step_like_any_other(config, facts, build, batch):
    x, y = batch
    _, small = take_steps(build(), config.recipe, facts, [batch, (x[:3], y[:3])])
    assert 0 <= small.correct <= 3
    assert np.isfinite(small.loss)


@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_float16_scales_the_loss_and_still_adds_the_decay_unscaled(config, build, batch, implementation):
    """Black images teach the first kernel nothing, so it shrinks by exactly rate * 2 * decay."""
    recipe = replace(config.recipe, weight_decay=0.5, momentum=0.0, nesterov=False)
    changed = replace(config, recipe=recipe, precision="mixed_float16")
    try:
        facts = prepare(changed)
        trainee = build(changed, implementation)
        x, y = batch
        before = values(trainee.model.trainable_variables)
        take_steps(trainee, recipe, facts, [(np.zeros_like(x), y)], rate=0.1)
        first_kernel = values(trainee.model.trainable_variables)[0]
        np.testing.assert_allclose(first_kernel, before[0] * (1 - 0.1 * 2 * 0.5), rtol=1e-3)
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_backward_pass_that_failed_shows_even_if_the_loss_does_not(config, facts, build, batch):
    x, y = batch
    good, bad = take_steps(build(), config.recipe, facts, [(x, y), (np.full_like(x, np.nan), y)])
    assert np.isfinite(good.backward_sign)
    assert not np.isfinite(bad.backward_sign)


def test_tensorflow_traces_the_step_once_whatever_the_batch_and_the_rate(config, facts, build, batch):
    if facts.name != "tensorflow":
        pytest.skip("tf.function is TensorFlow's")
    trainee = build()
    calls = []
    call = trainee.model.call
    trainee.model.call = lambda *args, **kwargs: calls.append(1) or call(*args, **kwargs)
    x, y = batch
    steps = make_steps(trainee, config.recipe, facts)
    steps.compile(8, 3)
    for rate in (0.1, 0.01):
        steps.begin(rate)
        steps.train(steps.place(x), steps.place(y))
        steps.train(steps.place(x[:3]), steps.place(y[:3]))
    assert len(calls) == 1


def test_jaxs_compiler_says_what_the_largest_step_takes_and_the_others_do_not(config, facts, build):
    trainee = build()
    steps = make_steps(trainee, config.recipe, facts)
    assert steps.step_bytes() is None
    steps.compile(8, 4)
    if config.backend != "jax":
        assert steps.step_bytes() is None
        return
    state = sum(value.nbytes for value in values([*trainee.model.variables, *trainee.optimizer.variables]))
    images = 8 * 8 * 8 * 3 * 4
    assert state + images < steps.step_bytes() < 100 * (state + images)
