"""Plain and fast on one backend in a process of its own: prints by how much they differ, as JSON.

A difference is relative: the norm of the difference over the norm of what plain computes. ``tensorflow cudnn`` is
TensorFlow whose batch normalisation keeps for its gradient what it keeps on a GPU.
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = sys.argv[1]

import keras
import numpy as np

from densebench.models.build import build
from densebench.models.densenet import densenet, densenet_bc
from densebench.models.variant import Variant
from densebench.models.variants import find

CLASSES, IMAGES = 5, 4


def every_word(nn, image, classes):
    """Strides, biases, a lone normalisation, and concatenations that something else than a normalisation reads."""
    x = nn.max_pool(nn.relu(nn.conv(image, 10, 7, stride=2, bias=True)), 3, stride=1)
    y = nn.bn(nn.conv(nn.concat(x, nn.conv(x, 6, 1, stride=1, bias=True)), 6, 3, stride=2))
    x = nn.add(y, nn.pad_channels(nn.bn_relu(nn.conv(x, 3, 5)), 6, stride=2))
    x = nn.average_pool(nn.bn_relu(nn.concat(x, y)), 2)
    x = nn.add(nn.bn_relu(x), nn.conv(nn.bn_relu(nn.relu(x)), 12, 1, stride=1, bias=True))
    return nn.dense(nn.global_average_pool(nn.bn_relu(nn.concat(x, nn.relu(x)))), classes)


def small(name, network):
    return Variant(name=name, family="densenet-bc", depth=0, build=network, source="a test")


NETWORKS = {
    "densenet-bc": small(
        "densenet-bc", lambda nn, image, n: densenet_bc(nn, image, blocks=(6, 2), growth_rate=4, classes=n)
    ),
    "densenet": small("densenet", lambda nn, image, n: densenet(nn, image, blocks=(2, 1), growth_rate=5, classes=n)),
    "every-word": small("every-word", every_word),
}


def pair(network, size, recompute=False):
    """Plain and fast with the same values, no variable at its beginning, scales of either sign."""
    settings = {"classes": CLASSES, "image_size": size, "weight_decay": 0.0, "seed": 3}
    plain = build(network, **settings)
    fast = build(network, **settings, implementation="fast", recompute=recompute)
    random = np.random.default_rng(1)
    for mine, theirs in zip(by_path(plain.variables), by_path(fast.variables), strict=True):
        if mine.name != "kernel":
            low = 0.5 if mine.name == "moving_variance" else -1.5
            mine.assign(random.uniform(low, 1.5, mine.shape))
            theirs.assign(mine)
    return plain, fast


def by_path(variables):
    """Keras orders the variables of parallel branches by depth, fast by call; in the named networks these agree."""
    return sorted(variables, key=lambda variable: variable.path)


def batch(size, count=IMAGES):
    random = np.random.default_rng(0)
    images = random.standard_normal((count, size, size, 3), dtype=np.float32)
    return images, random.integers(CLASSES, size=count, dtype=np.int32)


def passes(model, training, jit=False):
    """(x, y) -> logits and gradients, as NumPy arrays; the moving statistics are moved. TensorFlow alone heeds jit."""
    if keras.backend.backend() == "tensorflow":
        return _tensorflow(model, training, jit)
    return {"jax": _jax, "torch": _torch}[keras.backend.backend()](model, training)


def _loss(logits, y):
    return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True))


def emulate_cudnn():
    """Keep 1 / sqrt(variance + epsilon) for the gradient, and take it there, as cuDNN and XLA on a GPU do.

    TensorFlow calls it implementation defined: core/kernels/fused_batch_norm_op.cc, tf2xla/kernels/batch_norm_op.cc.
    """
    import tensorflow as tf

    forward, gradient = tf.raw_ops.FusedBatchNormV3, tf.raw_ops.FusedBatchNormGradV3

    def forward_on_gpu(**given):
        outputs = forward(**given)
        if not given["is_training"]:
            return outputs
        return [*outputs[:4], tf.math.rsqrt(outputs[4] + given["epsilon"]), outputs[5]]

    def gradient_on_gpu(*, reserve_space_2, **given):
        if given["is_training"]:
            reserve_space_2 = 1 / tf.square(reserve_space_2) - given["epsilon"]
        assert given["reserve_space_3"].shape.rank == 0  # of another rank it must be what the forward pass reserved
        return gradient(reserve_space_2=reserve_space_2, **given)

    tf.raw_ops.FusedBatchNormV3, tf.raw_ops.FusedBatchNormGradV3 = forward_on_gpu, gradient_on_gpu


def _tensorflow(model, training, jit):
    import tensorflow as tf

    @tf.function(autograph=False, reduce_retracing=True, jit_compile=jit)
    def step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=training)
            loss = _loss(logits, y)
        return logits, tape.gradient(loss, [variable.value for variable in by_path(model.trainable_variables)])

    return lambda x, y: _arrays(*step(tf.constant(x), tf.constant(y)))


def _jax(model, training):
    import jax

    def loss(weights, moving, x, y):
        logits, moved = model.stateless_call(weights, moving, x, training=training)
        return _loss(logits, y), (logits, moved)

    step = jax.jit(jax.grad(loss, has_aux=True))

    def run(x, y):
        weights = [variable.value for variable in model.trainable_variables]
        moving = [variable.value for variable in model.non_trainable_variables]
        gradients, (logits, moved) = step(weights, moving, x, y)
        for variable, value in zip(model.non_trainable_variables, moved, strict=True):
            variable.assign(value)
        pairs = zip(model.trainable_variables, gradients, strict=True)
        return _arrays(logits, [gradient for _, gradient in sorted(pairs, key=lambda pair: pair[0].path)])

    return run


def _torch(model, training):
    import torch

    def run(x, y):
        logits = model(torch.from_numpy(x), training=training)
        weights = [variable.value for variable in by_path(model.trainable_variables)]
        return _arrays(logits, torch.autograd.grad(_loss(logits, torch.from_numpy(y)), weights))

    return run


def _arrays(logits, gradients):
    return [keras.ops.convert_to_numpy(each) for each in (logits, *gradients)]


def moving(model):
    return [keras.ops.convert_to_numpy(variable) for variable in by_path(model.non_trainable_variables)]


def difference(expected, found):
    expected, found = (np.concatenate([[0.0], *map(np.ravel, arrays)]) for arrays in (expected, found))
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-30))


def differences(network, size, *, training, recompute=False, jit=False):
    """Of the logits, all gradients, the variable whose gradient differs most, and the moving statistics.

    The gradient of a bias before a normalisation is nothing but rounding, so a small one counts by a tenth of all.
    """
    plain, fast = pair(network, size, recompute)
    x, y = batch(size)
    expected, found = passes(plain, training)(x, y), passes(fast, training, jit)(x, y)
    scale = 0.1 * np.linalg.norm(np.concatenate([np.ravel(each) for each in expected[1:]]))
    return {
        "logits": difference(expected[:1], found[:1]),
        "gradients": difference(expected[1:], found[1:]),
        "worst gradient": max(
            float(np.linalg.norm(there - here) / max(np.linalg.norm(here), scale))
            for here, there in zip(expected[1:], found[1:], strict=True)
        ),
        "moving": difference(moving(plain), moving(fast)),
    }


def after_ten_steps(network, size):
    """Of all variables, after ten steps of gradient descent on batches of two sizes."""
    models = pair(network, size)
    for model in models:
        step = passes(model, training=True)
        for number in range(10):
            _, *gradients = step(*batch(size, IMAGES - number % 2))
            for variable, gradient in zip(by_path(model.trainable_variables), gradients, strict=True):
                variable.assign(variable - 0.02 * gradient)
    expected, found = ([keras.ops.convert_to_numpy(each) for each in by_path(model.variables)] for model in models)
    return difference(expected, found)


def bytes_kept(model):
    """Sizes of the tensors that PyTorch's forward pass keeps for the backward pass, each storage once."""
    import torch

    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = model(torch.from_numpy(batch(16)[0]), training=True)
    assert logits.requires_grad
    return sum(kept.values())


def main():
    emulated = sys.argv[2:] == ["cudnn"]
    if emulated:
        emulate_cudnn()
    seen = {
        f"{name} {size} {mode}": differences(
            network, size, training=mode != "inference", recompute=mode == "recomputing"
        )
        for name, network in NETWORKS.items()
        for size, mode in ((13, "training"), (13, "recomputing"), (16, "inference"))
        if keras.backend.backend() != "jax" or mode == "training" or name == "densenet-bc"
    }
    seen["ten steps"] = {"variables": after_ten_steps(NETWORKS["densenet"], 8)}
    if keras.backend.backend() == "torch":
        plain, fast = pair(NETWORKS["densenet-bc"], 16)
        _, recomputing = pair(NETWORKS["densenet-bc"], 16, recompute=True)
        seen["kept"] = {"plain": bytes_kept(plain), "fast": bytes_kept(fast), "recomputing": bytes_kept(recomputing)}
    if keras.backend.backend() == "tensorflow":
        for name in () if emulated else ("resnet20", "preresnet20", "googlenet"):
            seen[f"{name} 9 training"] = differences(find(name), 9, training=True)
        seen["densenet-bc 16 training by XLA"] = differences(NETWORKS["densenet-bc"], 16, training=True, jit=True)
    keras.config.set_dtype_policy("mixed_bfloat16")
    seen["mixed"] = differences(NETWORKS["densenet"], 16, training=True)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
