"""What training minimises: the loss and the weight decay, and whether their values are finite."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from densebench.recipes import Recipe
from densebench.training.optimizers import is_orthogonalised

_Tensor = Any  # of the backend


def compute_loss(logits: _Tensor, labels: _Tensor, *, smoothing: float) -> tuple[_Tensor, _Tensor]:
    """Mean cross-entropy of float32 logits (batch, classes) with smoothed labels (batch,), and how many were right."""
    classes = logits.shape[-1]
    labels = ops.cast(labels, "int32")
    # not ops.one_hot, for which PyTorch reads the labels back from the device
    one_hot = ops.cast(ops.equal(labels[:, None], ops.arange(classes, dtype="int32")), "float32")
    wanted = one_hot * (1 - smoothing) + smoothing / classes if smoothing else one_hot
    loss = -ops.mean(ops.sum(wanted * ops.log_softmax(logits), axis=-1))
    correct = ops.sum(ops.cast(ops.equal(ops.argmax(logits, axis=-1), labels), "float32"))
    return loss, correct


def compute_backward_sign(gradients: Sequence[_Tensor], optimizer: keras.optimizers.Optimizer) -> _Tensor:
    """Not finite if the backward pass failed: the sum of the first kernel's gradient, which all others lead to.

    The loss alone does not show it: a ReLU fused with its normalisation turns NaN into 0. Under float16's loss scale an
    overflow is nothing special, and the optimizer skips that step.
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return ops.zeros(())
    return ops.sum(gradients[0])


def find_not_finite(variables: Sequence[keras.Variable]) -> str | None:
    """Path of the first variable with a NaN or an infinite value."""
    for variable in variables:
        if not np.isfinite(ops.convert_to_numpy(variable)).all():
            return str(variable.path)
    return None


def find_decayed(variables: Sequence[keras.Variable], recipe: Recipe) -> list[bool]:
    """Which variables the L2 loss acts on: the kernels of convolutions and dense layers.

    Those that :class:`Muon` updates are not among them: their decay is a part of its step, and of no loss.
    """
    own = [recipe.optimizer == "muon" and is_orthogonalised(variable) for variable in variables]
    return [variable.path.endswith("kernel") and not apart for variable, apart in zip(variables, own, strict=True)]


def compute_penalty(model: keras.Model, recipe: Recipe) -> float:
    """The L2 loss of the weights, ``weight_decay * sum(w**2)`` over every kernel that it acts on."""
    variables = model.trainable_variables
    kernels = [variable for variable, decays in zip(variables, find_decayed(variables, recipe), strict=True) if decays]
    squares = [float(np.sum(np.square(ops.convert_to_numpy(kernel), dtype=np.float64))) for kernel in kernels]
    return recipe.weight_decay * sum(squares)
