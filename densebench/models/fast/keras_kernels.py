"""Kernels for the backends that differentiate by themselves, in ``keras.ops``.

What is faster if written for one backend stands in a module for it, with the functions of :class:`Operations`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import keras
from keras import ops

from densebench.models.fast.layers import Interpret, Part

Tensor = Any  # of the backend in use


class Operations(Protocol):
    """What each backend does in its own way, such as the functions of a module."""

    def compute_statistics(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    def normalise(
        self, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, *, relu: bool, training: bool
    ) -> Tensor: ...

    def convolve(self, x: Tensor, kernel: Tensor, *, stride: int) -> Tensor: ...

    def average_pool(self, x: Tensor, size: int) -> Tensor: ...

    def recompute(self, function: Callable[..., Tensor], *inputs: Tensor) -> Tensor: ...

    def join(self, tensors: Sequence[Tensor]) -> Tensor: ...

    def split(self, variable: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]: ...


def run(
    interpret: Interpret[Tensor],
    image: Tensor,
    groups: Sequence[tuple[Tensor, ...]],
    *,
    training: bool,
    recompute: bool,
    operations: Operations | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """Logits and batch statistics, by the backend's own operations or those given."""
    pixels = ops.cast(image, keras.config.dtype_policy().compute_dtype)
    kernels = _OperationKernels(operations or _choose_operations(), training=training, recompute=recompute)
    return interpret(kernels, pixels, groups, training)


@dataclass(frozen=True, kw_only=True)
class _Deferred:
    """A normalised tensor that each of its readers computes for itself, and again in the backward pass."""

    normalise: Callable[..., Tensor]
    recompute: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]

    def apply(self, operation: Callable[..., Tensor], *others: Tensor) -> Tensor:
        """The operation on it and the others; for the backward pass only the inputs are kept."""
        count = len(self.inputs)

        def compute_both(*given: Tensor) -> Tensor:
            return operation(self.normalise(*given[:count]), *given[count:])

        return self.recompute(compute_both, *self.inputs, *others)


class _OperationKernels:
    """Operations on the backend's own tensors."""

    def __init__(self, operations: Operations, *, training: bool, recompute: bool) -> None:
        self._operations, self._recompute = operations, recompute
        self._normalise = partial(self._operations.normalise, training=training)

    def conv(self, x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        if isinstance(x, _Deferred):
            y = x.apply(partial(self._operations.convolve, stride=stride), kernel)
        else:
            y = self._operations.convolve(x, kernel, stride=stride)
        return y if bias is None else y + ops.cast(bias, y.dtype)

    def batch_norm(self, part: Part[Tensor], gamma: Tensor, beta: Tensor, relu: bool) -> Tensor:
        part.statistics = part.statistics or self.statistics(part.tensor)
        return self.moving_norm(part.tensor, gamma, beta, *part.statistics, relu)

    def moving_norm(self, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool) -> Tensor:
        normalise, inputs = partial(self._normalise, relu=relu), (_force(x), gamma, beta, mean, variance)
        if not self._recompute:
            return normalise(*inputs)
        return _Deferred(normalise=normalise, recompute=self._operations.recompute, inputs=inputs)

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self._operations.compute_statistics(_force(x))

    def join(self, tensors: Sequence[Tensor]) -> Tensor:
        return self._operations.join([_force(tensor) for tensor in tensors])

    def split(self, variable: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        return self._operations.split(variable, sizes, axis)

    def relu(self, x: Tensor) -> Tensor:
        return ops.relu(_force(x))

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return _force(x) + _force(y)

    def pad_channels(self, x: Tensor, before: int, behind: int, stride: int) -> Tensor:
        return ops.pad(_force(x)[:, ::stride, ::stride], [[0, 0], [0, 0], [0, 0], [before, behind]])

    def average_pool(self, x: Tensor, size: int) -> Tensor:
        return self._operations.average_pool(_force(x), size)

    def max_pool(self, x: Tensor, size: int, stride: int) -> Tensor:
        return ops.max_pool(_force(x), size, strides=stride, padding="same", data_format="channels_last")

    def global_average_pool(self, x: Tensor) -> Tensor:
        return ops.mean(_force(x), axis=[1, 2])

    def dense(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return ops.matmul(ops.cast(x, "float32"), kernel) + bias


def _force(x: Tensor) -> Tensor:
    return x.apply(lambda y: y) if isinstance(x, _Deferred) else x


def _choose_operations() -> Operations:
    if keras.backend.backend() == "torch":
        from densebench.models.fast.torch_kernels import PassOperations

        return PassOperations()
    from densebench.models.fast import jax_kernels

    return jax_kernels
