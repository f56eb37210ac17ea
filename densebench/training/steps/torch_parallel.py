"""Steps on PyTorch on several devices: each process takes its part of a batch, and what they find is averaged.

One collective for everything, after the backward pass: ``torch.autograd.grad`` does not fire the hooks by which
``DistributedDataParallel`` would exchange gradients, and the processes would drift apart without an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import torch
from numpy.typing import NDArray

from densebench.models.fast.torch_synchronised import Exchange, SynchronisedOperations, take_moments
from densebench.recipes import Recipe
from densebench.training.parallel.torch import TorchDataParallel
from densebench.training.steps.step import CompileTimes
from densebench.training.steps.torch import Passes, TorchSteps
from densebench.training.trainee import Trainee


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What this process computes of a batch."""

    tensor: torch.Tensor
    images: int  # of the whole batch


class ParallelTorchSteps(TorchSteps):
    """Every process makes the same update to its own copy of the variables.

    Moving statistics are the exception where each device normalises by its own part: they are averaged at the end.
    """

    _exchanges_nothing = False

    def __init__(
        self, trainee: Trainee, recipe: Recipe, parallel: TorchDataParallel, *, jit: bool, is_fast: bool
    ) -> None:
        super().__init__(trainee, recipe, jit=jit, is_fast=is_fast)
        self._parallel, self._layout, self._exchange = parallel, parallel.layout, parallel.exchange
        if self._layout.synchronises_batch_norm:
            _synchronise(trainee.model, self._exchange)

    def compile(self, *batch_sizes: int) -> CompileTimes:
        return super().compile(*(len(range(size)[self._layout.rows(size)]) for size in batch_sizes))

    def begin(self, learning_rate: float) -> None:
        super().begin(learning_rate)
        self._parallel.meet()

    def place(self, array: NDArray[Any]) -> _Part:
        return _Part(tensor=super().place(array[self._layout.rows(len(array))]), images=len(array))

    def end(self) -> None:
        if not self._layout.synchronises_batch_norm:
            moving = [values for values in self._moving if values.is_floating_point()]
            with torch.no_grad():
                torch._foreach_copy_(moving, self._average(moving))

    def _forward(self, x: _Part) -> torch.Tensor:
        logits = super()._forward(x.tensor)
        return self._exchange.gather(logits).flatten(0, 1) if self._layout.is_shared(x.images) else logits

    def _find(self, x: _Part, y: _Part) -> Passes:
        loss, correct, gradients = super()._find(x.tensor, y.tensor)
        with torch.no_grad():
            loss, correct, *averaged = self._average([loss, correct, *gradients])
        counted = self._layout.replicas if self._layout.is_shared(y.images) else 1
        return loss, torch.round(correct * counted), averaged

    def _average(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """Over all processes, whose parts of a batch are of one size."""
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        means = self._exchange.add_up(flat).div_(self._exchange.parts)
        pieces = means.split([tensor.numel() for tensor in tensors])
        return [piece.view(tensor.shape) for piece, tensor in zip(pieces, tensors, strict=True)]


def _synchronise(model: keras.Model, exchange: Exchange) -> None:
    """Let every batch normalisation of the model take its statistics over the whole batch."""
    for layer in model.layers:
        if hasattr(layer, "operations"):
            layer.operations = SynchronisedOperations(exchange)
        elif isinstance(layer, keras.layers.BatchNormalization):
            _replace_moments(layer, lambda x, mask: take_moments(x, exchange))


def _replace_moments(layer: keras.layers.BatchNormalization, moments: Callable[..., Any]) -> None:
    """Keras has no other way on PyTorch: ``synchronized=True`` is for TensorFlow alone."""
    if not hasattr(layer, "_moments"):
        raise RuntimeError(f"Keras {keras.__version__} takes a batch's moments in another way than 3.15 does")
    layer._moments = moments
