"""The fast implementation's variables, and what its traced step needs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from densebench.models.build import build
from densebench.models.cost import count
from densebench.models.variants import find


def model_of(name, *, implementation="fast", image_size=8, seed=0, recompute=False):
    return build(
        find(name),
        classes=10,
        image_size=image_size,
        weight_decay=1e-4,
        seed=seed,
        implementation=implementation,
        recompute=recompute,
    )


def images(count=2, size=8):
    return np.random.default_rng(0).standard_normal((count, size, size, 3), dtype=np.float32)


@pytest.mark.parametrize(
    "name", ["16x3", "densenet-40x12", "resnet20", "preresnet20", "wrn16x8", "resnet_32", "resnet_32_c", "googlenet"]
)
def test_both_implementations_have_the_same_variables_in_the_same_order(name):
    plain, fast = model_of(name, implementation="plain"), model_of(name)
    for group in ("variables", "trainable_variables", "non_trainable_variables"):
        mine, theirs = ([(each.path, each.shape, each.dtype) for each in getattr(m, group)] for m in (plain, fast))
        assert mine == theirs
    assert all(map(np.array_equal, plain.get_weights(), fast.get_weights()))


def test_either_loads_what_the_other_saved(tmp_path):
    plain, fast = model_of("16x3", implementation="plain", seed=1), model_of("16x3", seed=2)
    fast(images(), training=True)
    plain.set_weights(fast.get_weights())
    expected, found = (np.asarray(model(images(), training=False)) for model in (plain, fast))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_parameters_are_those_that_summary_counts():
    cost = count(find("100x12"), classes=10, image_size=32)
    model = model_of("100x12", image_size=32)
    assert model.count_params() == cost.params
    assert sum(np.prod(each.shape) for each in model.trainable_variables) == cost.trainable_params


@pytest.mark.parametrize("recompute", [False, True])
def test_one_trace_serves_every_batch_size(recompute):
    model = model_of("16x3", recompute=recompute)
    traces = []

    @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3))], autograph=False)
    def step(x):
        traces.append(x)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x, training=True) ** 2)
        return tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    for size in (4, 3, 1):
        assert all(np.isfinite(gradient).all() for gradient in step(images(size)))
    assert len(traces) == 1


def test_recomputing_keeps_less_for_the_backward_pass():
    kept, recomputed = (bytes_between_the_passes(model_of("22x4", image_size=16, recompute=r)) for r in (False, True))
    assert recomputed < 0.6 * kept


def bytes_between_the_passes(model):
    """Sizes of the tensors of images that the backward pass takes from the forward pass."""
    graph = tf.function(gradients_of(model), autograph=False).get_concrete_function(tf.TensorSpec((2, 16, 16, 3))).graph
    backward = {node.name for node in graph.get_operations() if node.name.startswith("gradient")}
    read = {x.ref(): x for op in graph.get_operations() if op.name in backward for x in op.inputs}
    forward = [x for x in (ref.deref() for ref in read) if x.op.name not in backward and x.shape.rank == 4]
    return sum(np.prod(x.shape[1:]) for x in forward if x.shape[1] is not None and x.shape[1] > 3)


def gradients_of(model):
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x, training=True))
        with tf.name_scope("gradient"):
            return tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    return step


def test_seeds_draw_different_weights_and_a_seed_the_same_ones():
    first, again, other = (model_of("10x3", seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[0], other[0])


def test_logits_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = model_of("10x3")
        assert {variable.dtype for variable in model.variables} == {"float32"}
        assert model(images()).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")
