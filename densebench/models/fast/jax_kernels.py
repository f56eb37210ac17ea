"""What the fast implementation leaves to the compiler: JAX differentiates and fuses these by itself."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import keras
from keras import ops

from densebench.models.layers import EPSILON

Tensor = Any


def compute_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each channel, in float32."""
    mean, variance = ops.moments(ops.cast(x, "float32"), axes=[0, 1, 2])
    return mean, variance


def normalise(
    x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, *, relu: bool, training: bool
) -> Tensor:
    """Normalised by given statistics, and differentiable with respect to them: training makes no difference."""
    scale = gamma * ops.rsqrt(variance + EPSILON)
    y = ops.cast(ops.cast(x, "float32") * scale + (beta - mean * scale), x.dtype)
    return ops.relu(y) if relu else y


def convolve(x: Tensor, kernel: Tensor, *, stride: int) -> Tensor:
    """Same padding; a 1x1 convolution is a matrix product."""
    kernel = ops.cast(kernel, x.dtype)
    if kernel.shape[0] == 1 and stride == 1:
        return ops.matmul(x, kernel[0, 0])
    return ops.conv(x, kernel, strides=stride, padding="same", data_format="channels_last")


def recompute(function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """The function's result; it is computed again in the backward pass, for which only the inputs are kept."""
    return keras.remat(function)(*inputs)


def average_pool(x: Tensor, size: int) -> Tensor:
    """Means of squares."""
    return ops.average_pool(x, size, strides=size, data_format="channels_last")


def join(tensors: Sequence[Tensor]) -> Tensor:
    """Concatenated along the last axis."""
    return ops.concatenate(tensors, axis=-1)


def split(variable: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
    """In pieces."""
    pieces: list[Tensor] = ops.split(variable, list(accumulate(sizes))[:-1], axis=axis)
    return pieces
