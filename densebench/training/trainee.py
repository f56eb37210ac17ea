"""The network to be trained and its optimizer, built from a recipe; the loss and the gradient of the weight decay."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from densebench.config import RunConfig
from densebench.models.build import build
from densebench.models.variants import find
from densebench.recipes import Recipe
from densebench.training.backends.backend import BackendFacts

Tensor = Any  # of the backend


@dataclass(frozen=True, kw_only=True)
class Trainee:
    """A network and the optimizer that has variables for it."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    build_seconds: float


def build_trainee(config: RunConfig, facts: BackendFacts, *, classes: int, image_size: int) -> Trainee:
    """The network of ``config``, its initial weights drawn from the seed, and its optimizer.

    Raises :class:`InputError` if the variant cannot be built so.
    """
    start = time.perf_counter()
    model = build(
        find(config.variant),
        classes=classes,
        image_size=image_size,
        weight_decay=config.recipe.weight_decay,
        seed=config.seed,
        implementation=facts.implementation,
        recompute=config.recompute,
    )
    optimizer = build_optimizer(config.recipe, config.precision, model)
    return Trainee(model=model, optimizer=optimizer, build_seconds=time.perf_counter() - start)


def build_optimizer(recipe: Recipe, precision: str, model: keras.Model) -> keras.optimizers.Optimizer:
    """SGD with its variables made, so that a step traced later makes none; float16 gets a dynamic loss scale."""
    optimizer = keras.optimizers.SGD(
        recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.nesterov, name="sgd"
    )
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    optimizer.build(model.trainable_variables)
    return optimizer


def objective(logits: Tensor, labels: Tensor, *, smoothing: float) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of float32 logits (batch, classes) with smoothed labels (batch,), and how many were right."""
    classes = logits.shape[-1]
    labels = ops.cast(labels, "int32")
    # not ops.one_hot, for which PyTorch reads the labels back from the device
    one_hot = ops.cast(ops.equal(labels[:, None], ops.arange(classes, dtype="int32")), "float32")
    wanted = one_hot * (1 - smoothing) + smoothing / classes
    loss = -ops.mean(ops.sum(wanted * ops.log_softmax(logits), axis=-1))
    correct = ops.sum(ops.cast(ops.equal(ops.argmax(logits, axis=-1), labels), "float32"))
    return loss, correct


def backward_sign(gradients: Sequence[Tensor], optimizer: keras.optimizers.Optimizer) -> Tensor:
    """Not finite if the backward pass failed: the sum of the first kernel's gradient, which all others lead to.

    The loss alone does not show it: a ReLU fused with its normalisation turns NaN into 0. Under float16's loss scale an
    overflow is nothing special, and the optimizer skips that step.
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return ops.zeros(())
    return ops.sum(gradients[0])


def not_finite(variables: Sequence[keras.Variable]) -> str | None:
    """Path of the first variable with a NaN or an infinite value."""
    for variable in variables:
        if not np.isfinite(ops.convert_to_numpy(variable)).all():
            return str(variable.path)
    return None


def decayed(variables: Sequence[keras.Variable]) -> list[bool]:
    """Which variables the weight decay acts on: the kernels of convolutions and dense layers."""
    return [variable.path.endswith("kernel") for variable in variables]


def penalty(model: keras.Model, weight_decay: float) -> float:
    """The L2 loss of the weights, ``weight_decay * sum(w**2)`` over every kernel."""
    kernels = [
        v for v, chosen in zip(model.trainable_variables, decayed(model.trainable_variables), strict=True) if chosen
    ]
    squares = [float(np.sum(np.square(ops.convert_to_numpy(kernel), dtype=np.float64))) for kernel in kernels]
    return weight_decay * sum(squares)
