"""Updates by SGD and by Muon on PyTorch, of all variables at once and without reading anything back.

Keras's own reads the rate back from the device, where it puts it before, and Muon's would start thousands of small
operations.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch.nn import functional

from densebench.training.optimizers import (
    Muon,
    choose_length,
    is_orthogonalised,
    measure_kernel,
    orthogonalise_matrices,
)

_Tensors = Sequence[torch.Tensor]


class Update:
    """What an optimizer of Keras does to its variables, for gradients in their order."""

    def __init__(self, optimizer: Any, variables: Sequence[keras.Variable], *, on_device: bool) -> None:
        """``on_device``: whether the rate lies on the device, where a recorded step finds it changed."""
        self._optimizer = optimizer
        self._weights = [variable.value for variable in variables]
        self._velocities = [variable.value for variable in optimizer.momentums] if optimizer.momentum else []
        is_muon = isinstance(optimizer, Muon)
        kernels = [is_muon and is_orthogonalised(variable) for variable in variables]
        self._kernels = [place for place, is_kernel in enumerate(kernels) if is_kernel]
        self._others = [place for place, is_kernel in enumerate(kernels) if not is_kernel]
        self._rate = 0.0
        self._minus_rate = torch.zeros((), device=self._weights[0].device) if on_device else None

    def set_rate(self, rate: float) -> None:
        """For the steps from now on."""
        self._rate = float(np.float32(rate))  # what the optimizer's variable then holds, without reading it
        if self._minus_rate is not None:
            self._minus_rate.fill_(-self._rate)

    def __call__(self, gradients: _Tensors) -> None:
        """Update all variables; the gradients lie in memory as their weights do."""
        if self._others:
            self._update_by_sgd(*self._pick(self._others, gradients))
        if self._kernels:
            self._update_by_muon(*self._pick(self._kernels, gradients))
        self._optimizer.iterations.value.add_(1)

    def _pick(self, places: Sequence[int], gradients: _Tensors) -> Iterator[list[torch.Tensor]]:
        for values in (self._weights, self._velocities, gradients):
            yield [values[place] for place in places] if values else []

    def _update_by_sgd(self, weights: _Tensors, velocities: _Tensors, gradients: _Tensors) -> None:
        momentum = self._optimizer.momentum
        moves, alpha = self._scale(gradients)
        if not momentum:
            torch._foreach_add_(weights, moves, alpha=alpha)
            return
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, moves, alpha=alpha)
        if self._optimizer.nesterov:
            torch._foreach_add_(weights, moves, alpha=alpha)
            torch._foreach_add_(weights, velocities, alpha=momentum)
        else:
            torch._foreach_add_(weights, velocities)

    def _update_by_muon(self, weights: _Tensors, velocities: _Tensors, gradients: _Tensors) -> None:
        momentum = self._optimizer.momentum
        directions = gradients
        if momentum:
            torch._foreach_mul_(velocities, momentum)
            torch._foreach_add_(velocities, gradients)
            directions = velocities
            if self._optimizer.nesterov:
                directions = torch._foreach_add(gradients, velocities, alpha=momentum)
        steps = _orthogonalise_together(directions)
        torch._foreach_add_(steps, weights, alpha=2 * self._optimizer.kernel_decay)
        moves, alpha = self._scale(steps)
        torch._foreach_add_(weights, moves, alpha=alpha)

    def _scale(self, tensors: _Tensors) -> tuple[_Tensors, float]:
        """What is to be added, and how many times: minus the rate, wherever it is."""
        if self._minus_rate is None:
            return tensors, -self._rate
        return torch._foreach_mul(tensors, self._minus_rate), 1.0


def _orthogonalise_together(directions: _Tensors) -> list[torch.Tensor]:
    """Each as :func:`densebench.training.optimizers.orthogonalise` does it, those of one smaller side in one product.

    Of those, longer matrices decide the width of all: columns of zeros stay zeros, and change no singular value.
    """
    groups: dict[int, list[int]] = {}
    shapes = [measure_kernel(direction.shape) for direction in directions]
    for place, sides in enumerate(shapes):
        groups.setdefault(min(sides), []).append(place)
    found: list[torch.Tensor] = [torch.empty(0)] * len(directions)
    for places in groups.values():
        width = max(max(shapes[place]) for place in places)
        matrices = [_lay_down(directions[place], shapes[place]) for place in places]
        stacked = torch.stack([functional.pad(each, (0, width - each.shape[1])) for each in matrices])
        for place, wide in zip(places, orthogonalise_matrices(stacked), strict=True):
            shape = shapes[place]
            matrix = wide[:, : max(shape)] * choose_length(shape)
            step = matrix if shape[0] < shape[1] else matrix.T
            # in memory as the kernel is, so that all can be added at once
            found[place] = torch.empty_like(directions[place]).copy_(step.reshape(directions[place].shape))
    return found


def _lay_down(direction: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """(height, width, in, out) -> a matrix with the smaller side first."""
    matrix = direction.reshape(shape)
    return matrix if shape[0] < shape[1] else matrix.T
