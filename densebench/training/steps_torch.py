"""Steps on PyTorch: eager, or with the forward pass and its gradient by torch.compile."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from densebench.recipes import Recipe
from densebench.training.recipe import Trainee, backward_sign, decayed, objective
from densebench.training.steps import CompileTimes, StepResult, step_result


class TorchSteps:
    """Keras's channels-last arrays are already what PyTorch calls the channels_last memory format."""

    def __init__(self, trainee: Trainee, recipe: Recipe, *, jit: bool) -> None:
        self._model, self._optimizer = trainee.model, trainee.optimizer
        self._recipe = recipe
        self._weights = [variable.value for variable in self._model.trainable_variables]
        self._decayed = [index for index, decays in enumerate(decayed(self._model.trainable_variables)) if decays]
        self._device = self._weights[0].device
        self._loss = torch.compile(self._forward) if jit else self._forward

    def compile(self, *batch_sizes: int) -> CompileTimes:
        """Nothing can be done ahead: torch.compile works at the first call."""
        return CompileTimes(trace_seconds=None, compile_seconds=None)

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate

    def place(self, array: NDArray[Any]) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor if self._device.type == "cpu" else tensor.pin_memory().to(self._device, non_blocking=True)

    def train(self, x: torch.Tensor, y: torch.Tensor) -> StepResult:
        loss, correct = self._loss(x, y)
        gradients = torch.autograd.grad(self._optimizer.scale_loss(loss), self._weights)
        with torch.no_grad():
            sign = backward_sign(gradients, self._optimizer)
            self._add_decay(gradients)
            self._optimizer.apply(gradients, self._model.trainable_variables)
            shown = torch.stack([loss, correct, sign]).cpu().numpy()
        return step_result(shown)

    def logits(self, x: torch.Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            values: NDArray[np.float32] = self._model(x, training=False).cpu().numpy()
        return values

    def end(self) -> None:
        """The variables hold the state all along."""

    def _forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return objective(self._model(x, training=True), y, smoothing=self._recipe.label_smoothing)

    def _add_decay(self, gradients: tuple[torch.Tensor, ...]) -> None:
        if self._recipe.weight_decay:
            rate = 2 * self._recipe.weight_decay * float(self._optimizer.scale_loss(1.0))
            kernels = [self._weights[index] for index in self._decayed]
            torch._foreach_add_([gradients[index] for index in self._decayed], kernels, alpha=rate)
