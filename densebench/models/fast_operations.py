"""Kernels in ``keras.ops``, for backends that differentiate and fuse by themselves."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from densebench.models.fast_layers import Interpret, Part, Parts

EPSILON = 1e-5
Tensor = Any  # of the backend in use


def run(
    interpret: Interpret[Tensor],
    image: Tensor,
    groups: Sequence[tuple[Tensor, ...]],
    *,
    training: bool,
    recompute: bool,
) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Logits and batch statistics."""
    pixels = ops.cast(image, keras.config.dtype_policy().compute_dtype)
    return interpret(OperationKernels(training=training, recompute=recompute), pixels, groups, training)


class OperationKernels:
    """Operations on the backend's own tensors."""

    def __init__(self, *, training: bool, recompute: bool) -> None:
        self._training = training
        self._remat: Callable[[Any], Any] = keras.remat if recompute else lambda function: function

    def conv(self, x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        kernel = ops.cast(kernel, x.dtype)
        if kernel.shape[0] == 1 and stride == 1:
            y = ops.matmul(x, kernel[0, 0])
        else:
            y = ops.conv(x, kernel, strides=stride, padding="same", data_format="channels_last")
        return y if bias is None else y + ops.cast(bias, x.dtype)

    def batch_norm(
        self, parts: Parts[Tensor], gamma: Tensor, beta: Tensor, relu: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        mean, variance = _statistics(parts)
        return self.moving_norm(parts, gamma, beta, mean, variance, relu), (mean, variance)

    def moving_norm(
        self, parts: Parts[Tensor], gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool
    ) -> Tensor:
        return self._remat(_normalised)([part.tensor for part in parts], gamma, beta, mean, variance, relu)

    def join(self, parts: Parts[Tensor]) -> Part[Tensor]:
        return Part(
            tensor=ops.concatenate([part.tensor for part in parts], axis=-1),
            channels=sum(part.channels for part in parts),
            statistics=_statistics(parts) if self._training else None,
        )

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


def _normalised(
    tensors: list[Tensor], gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool
) -> Tensor:
    x = tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=-1)
    scale = gamma * ops.rsqrt(variance + EPSILON)
    y = ops.cast(ops.cast(x, "float32") * scale + (beta - mean * scale), x.dtype)
    return ops.relu(y) if relu else y


def _statistics(parts: Parts[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel, taken once for each part."""
    for part in parts:
        if part.statistics is None:
            part.statistics = ops.moments(ops.cast(part.tensor, "float32"), axes=[0, 1, 2])
    pairs = [part.statistics for part in parts if part.statistics is not None]
    if len(pairs) == 1:
        return pairs[0]
    return ops.concatenate([mean for mean, _ in pairs]), ops.concatenate([variance for _, variance in pairs])
