"""Kernels in ``keras.ops``, for backends that differentiate and fuse by themselves."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import keras
from keras import ops

from densebench.models.fast_interpreter import Part
from densebench.models.fast_layers import Interpret

EPSILON = 1e-5
Tensor = Any  # of the backend in use


def run(
    interpret: Interpret[Tensor],
    image: Tensor,
    groups: Sequence[tuple[Tensor, ...]],
    *,
    training: bool,
    recompute: bool,
) -> tuple[Tensor, list[Tensor]]:
    """Logits and batch statistics."""
    pixels = ops.cast(image, keras.config.dtype_policy().compute_dtype)
    return interpret(OperationKernels(recompute=recompute), pixels, groups, training)


class OperationKernels:
    """Operations on the backend's own tensors."""

    def __init__(self, *, recompute: bool) -> None:
        self._remat: Callable[[Any], Any] = keras.remat if recompute else lambda function: function

    def conv(self, x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        kernel = ops.cast(kernel, x.dtype)
        if kernel.shape[0] == 1 and stride == 1:
            y = ops.matmul(x, kernel[0, 0])
        else:
            y = ops.conv(x, kernel, strides=stride, padding="same", data_format="channels_last")
        return y if bias is None else y + ops.cast(bias, x.dtype)

    def batch_norm(self, part: Part[Tensor], gamma: Tensor, beta: Tensor, relu: bool) -> Tensor:
        part.statistics = part.statistics or self.statistics(part.tensor)
        return self.moving_norm(part.tensor, gamma, beta, *part.statistics, relu)

    def moving_norm(self, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool) -> Tensor:
        return self._remat(partial(_normalised, relu=relu))(x, gamma, beta, mean, variance)

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, variance = ops.moments(ops.cast(x, "float32"), axes=[0, 1, 2])
        return mean, variance

    def join(self, tensors: Sequence[Tensor]) -> Tensor:
        return ops.concatenate(tensors, axis=-1)

    def split(self, variable: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        pieces: list[Tensor] = ops.split(variable, list(accumulate(sizes))[:-1], axis=axis)
        return pieces

    def relu(self, x: Tensor) -> Tensor:
        return ops.relu(x)

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y

    def pad_channels(self, x: Tensor, before: int, behind: int, stride: int) -> Tensor:
        return ops.pad(x[:, ::stride, ::stride], [[0, 0], [0, 0], [0, 0], [before, behind]])

    def average_pool(self, x: Tensor, size: int) -> Tensor:
        return ops.average_pool(x, size, strides=size, data_format="channels_last")

    def max_pool(self, x: Tensor, size: int, stride: int) -> Tensor:
        return ops.max_pool(x, size, strides=stride, padding="same", data_format="channels_last")

    def global_average_pool(self, x: Tensor) -> Tensor:
        return ops.mean(x, axis=[1, 2])

    def dense(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return ops.matmul(ops.cast(x, "float32"), kernel) + bias


def _normalised(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, *, relu: bool) -> Tensor:
    scale = gamma * ops.rsqrt(variance + EPSILON)
    y = ops.cast(ops.cast(x, "float32") * scale + (beta - mean * scale), x.dtype)
    return ops.relu(y) if relu else y
