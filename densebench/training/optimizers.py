"""Muon: stochastic gradient descent whose steps on a convolution's kernel are made orthogonal. Jordan et al. 2024.

A kernel (height, width, in, out) is a matrix of height * width * in rows and out columns. Its step is the nearest
matrix to the momentum all of whose singular values are equal, found by five Newton-Schulz iterations, so that every
direction of the kernel moves alike: https://kellerjordan.github.io/posts/muon. Everything else in the network, also the
classifier, is updated by plain SGD.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from densebench.recipes import MUON_ITERATIONS

_Tensor = Any  # of the backend
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the reference implementation
_SMALL = 1e-7  # added to a norm


class _JaxSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """SGD for JAX, which would compile a program for the zeros of every shape: three seconds for 100x12."""

    def add_variable_from_reference(
        self, reference_variable: keras.Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> keras.Variable:
        own = _initialize_zeros if initializer == "zeros" else initializer
        return super().add_variable_from_reference(reference_variable, name=name, initializer=own)


def _initialize_zeros(shape: Sequence[int], dtype: str) -> _Tensor:
    return ops.convert_to_tensor(np.zeros(shape, np.float32), dtype)


SGD: Any = _JaxSGD if keras.backend.backend() == "jax" else keras.optimizers.SGD


class Muon(SGD):  # type: ignore[misc]
    """Muon for the kernels of convolutions, SGD for all other variables, at one learning rate.

    A kernel moves by ``learning_rate`` times its own initial norm (for He-normal values), and shrinks by
    ``2 * learning_rate * weight_decay`` of itself, as an L2 loss of ``weight_decay * sum(w**2)`` would let it.
    """

    def __init__(self, learning_rate: float, *, momentum: float, nesterov: bool, kernel_decay: float) -> None:
        super().__init__(learning_rate, momentum=momentum, nesterov=nesterov, name="muon")
        self.kernel_decay = kernel_decay
        self._orthogonalised: set[int] = set()  # numbers of variables

    def build(self, variables: Sequence[keras.Variable]) -> None:
        super().build(variables)
        chosen = filter(is_orthogonalised, variables)
        self._orthogonalised = {self._get_variable_index(variable) for variable in chosen}

    def update_step(self, gradient: _Tensor, variable: keras.Variable, learning_rate: _Tensor) -> None:
        number = self._get_variable_index(variable)
        if number not in self._orthogonalised:
            super().update_step(gradient, variable, learning_rate)
            return
        rate = ops.cast(learning_rate, variable.dtype)
        step = orthogonalise(self._move(ops.cast(gradient, variable.dtype), number))
        self.assign_sub(variable, rate * (step + 2 * self.kernel_decay * variable))

    def _move(self, gradient: _Tensor, number: int) -> _Tensor:
        """The momentum's direction after this gradient."""
        if not self.momentum:
            return gradient
        velocity = self.momentums[number]
        moved = self.momentum * velocity + gradient
        self.assign(velocity, moved)
        return gradient + self.momentum * moved if self.nesterov else moved


def is_orthogonalised(variable: keras.Variable) -> bool:
    """Whether :class:`Muon` makes steps on a variable orthogonal: on the kernels of convolutions.

    Not on a depthwise one: each of its channels has a filter of its own, so it is no matrix from all to all.
    """
    return len(variable.shape) == 4 and variable.path.rpartition("/")[2] == "kernel"


def orthogonalise(direction: _Tensor) -> _Tensor:
    """The nearest kernel with equal singular values, about as long as a He-normal one: (height, width, in, out)."""
    fan_in, filters = shape = measure_kernel(direction.shape)
    matrix = ops.reshape(direction, shape)
    wide = fan_in < filters
    x = orthogonalise_matrices(matrix if wide else ops.transpose(matrix))  # the smaller side first: smaller products
    return ops.reshape(choose_length(shape) * (x if wide else ops.transpose(x)), direction.shape)


def measure_kernel(shape: Sequence[int]) -> tuple[int, int]:
    """(height, width, in, out) -> how many values each filter reads, and the number of filters."""
    return math.prod(shape[:-1]), shape[-1]


def choose_length(shape: tuple[int, int]) -> float:
    """What each singular value of a He-normal kernel of (values a filter reads, filters) is, about."""
    return math.sqrt(2 * shape[1] / min(shape))


def orthogonalise_matrices(x: _Tensor) -> _Tensor:
    """The nearest matrices whose singular values are all about 1, (..., rows, columns) with fewer rows than columns."""
    x = x / (ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True)) + _SMALL)
    a, b, c = _COEFFICIENTS
    for _ in range(MUON_ITERATIONS):
        gram = ops.matmul(x, ops.swapaxes(x, -2, -1))
        x = a * x + ops.matmul(b * gram + c * ops.matmul(gram, gram), x)
    return x
