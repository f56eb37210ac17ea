"""Steps on PyTorch: eager, or with the forward and the backward pass compiled as one graph."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch.fx.experimental.proxy_tensor import make_fx

from densebench.recipes import Recipe
from densebench.training.objective import compute_backward_sign, compute_loss, find_decayed
from densebench.training.steps.step import CompileTimes, StepResult, read_step_result
from densebench.training.trainee import Trainee

_Tensors = Sequence[torch.Tensor]
Passes = tuple[torch.Tensor, torch.Tensor, _Tensors]  # loss, how many were right, gradients
_PurePasses = Callable[
    [_Tensors, _Tensors, torch.Tensor, torch.Tensor, torch.Tensor],
    tuple[torch.Tensor, torch.Tensor, _Tensors, _Tensors],
]


class TorchSteps:
    """Keras's channels-last arrays are already what PyTorch calls the channels_last memory format."""

    def __init__(self, trainee: Trainee, recipe: Recipe, *, jit: bool) -> None:
        self._model, self._optimizer = trainee.model, trainee.optimizer
        self._recipe, self._jit = recipe, jit
        self._weights = [variable.value for variable in self._model.trainable_variables]
        self._moving = [variable.value for variable in self._model.non_trainable_variables]
        self._decayed = [index for index, decays in enumerate(find_decayed(self._model.trainable_variables)) if decays]
        self._device = self._weights[0].device
        self._compiled: dict[int, _PurePasses] = {}

    def compile(self, *batch_sizes: int) -> CompileTimes:
        if not self._jit:
            return CompileTimes(trace_seconds=None, compile_seconds=None)
        trace_seconds = compile_seconds = 0.0
        for size in dict.fromkeys(batch_sizes):
            start = time.perf_counter()
            arguments = self._arguments(
                torch.zeros((size, *self._model.input_shape[1:]), device=self._device),
                torch.zeros(size, dtype=torch.int32, device=self._device),
            )
            graph = make_fx(_make_pure_passes(self._model, self._recipe.label_smoothing))(*arguments)
            traced = time.perf_counter()
            self._compiled[size] = torch.compile(graph, dynamic=False)
            with torch.no_grad():
                self._compiled[size](*arguments)  # compiles; the graph has no side effects
            trace_seconds += traced - start
            compile_seconds += time.perf_counter() - traced
        return CompileTimes(trace_seconds=trace_seconds, compile_seconds=compile_seconds)

    def step_bytes(self) -> None:
        """Only a run of the step shows it."""

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate

    def place(self, array: NDArray[Any]) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor if self._device.type == "cpu" else tensor.pin_memory().to(self._device, non_blocking=True)

    def train(self, x: torch.Tensor, y: torch.Tensor) -> StepResult:
        loss, correct, gradients = self._find(x, y)
        with torch.no_grad():
            sign = compute_backward_sign(gradients, self._optimizer)
            self._add_decay(gradients)
            self._optimizer.apply(gradients, self._model.trainable_variables)
            shown = torch.stack([loss, correct, sign]).cpu().numpy()
        return read_step_result(shown)

    def logits(self, x: torch.Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            values: NDArray[np.float32] = self._forward(x).cpu().numpy()
        return values

    def end(self) -> None:
        """The variables hold the state all along."""

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._model(x, training=False)

    def _find(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        return self._compiled_passes(x, y) if len(y) in self._compiled else self._passes(x, y)

    def _passes(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        loss, correct = compute_loss(self._model(x, training=True), y, smoothing=self._recipe.label_smoothing)
        return loss, correct, torch.autograd.grad(self._optimizer.scale_loss(loss), self._weights)

    def _compiled_passes(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        with torch.no_grad():
            loss, correct, gradients, moved = self._compiled[len(y)](*self._arguments(x, y))
            torch._foreach_copy_(self._moving, list(moved))
        return loss, correct, gradients

    def _arguments(
        self, x: torch.Tensor, y: torch.Tensor
    ) -> tuple[_Tensors, _Tensors, torch.Tensor, torch.Tensor, Any]:
        scale = self._optimizer.scale_loss(torch.ones((), device=self._device))
        return [weight.detach() for weight in self._weights], self._moving, x, y, scale

    def _add_decay(self, gradients: _Tensors) -> None:
        if self._recipe.weight_decay:
            rate = 2 * self._recipe.weight_decay * float(self._optimizer.scale_loss(1.0))
            kernels = [self._weights[index] for index in self._decayed]
            torch._foreach_add_([gradients[index] for index in self._decayed], kernels, alpha=rate)


def _make_pure_passes(model: keras.Model, smoothing: float) -> _PurePasses:
    """Both passes as a function of tensors alone, which also returns the moved statistics.

    For the compiler: of Keras's own layers torch.compile makes many small graphs.
    """

    def passes(
        weights: _Tensors, moving: _Tensors, x: torch.Tensor, y: torch.Tensor, scale: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, _Tensors, _Tensors]:
        leaves = [weight.detach().requires_grad_() for weight in weights]
        with torch.enable_grad():
            logits, moved = model.stateless_call(leaves, moving, x, training=True)
            loss, correct = compute_loss(logits, y, smoothing=smoothing)
            gradients = torch.autograd.grad(loss * scale, leaves)
        return loss.detach(), correct, gradients, moved

    return passes
