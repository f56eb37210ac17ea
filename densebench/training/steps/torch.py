"""Steps on PyTorch: eager, or with the forward and the backward pass compiled as one graph.

On a GPU a whole step is recorded once and then repeated by the device: its host starts one operation instead of
thousands, each of which takes the host longer than the device.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch.fx.experimental.proxy_tensor import make_fx

from densebench.recipes import Recipe
from densebench.training.objective import compute_backward_sign, compute_loss, find_decayed
from densebench.training.steps.cuda_graph import Recorder
from densebench.training.steps.step import CompileTimes, StepResult, Steps, read_step_result
from densebench.training.steps.torch_update import Update
from densebench.training.trainee import Trainee

_Tensors = Sequence[torch.Tensor]
Passes = tuple[torch.Tensor, torch.Tensor, _Tensors]  # loss, how many were right, gradients
_PurePasses = Callable[
    [_Tensors, _Tensors, torch.Tensor, torch.Tensor, torch.Tensor],
    tuple[torch.Tensor, torch.Tensor, _Tensors, _Tensors],
]


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """What a step shows, on its way to the host."""

    values: torch.Tensor  # on the host
    arrived: torch.cuda.Event | None


class TorchSteps(Steps):
    """Keras's channels-last arrays are already what PyTorch calls the channels_last memory format."""

    _exchanges_nothing = True  # with other processes, in the middle of a step

    def __init__(self, trainee: Trainee, recipe: Recipe, *, jit: bool, is_fast: bool) -> None:
        """``is_fast``: whether the model's passes copy nothing to the device, as Keras's own do, so can be recorded."""
        self._model, self._optimizer = trainee.model, trainee.optimizer
        self._recipe, self._jit = recipe, jit
        self._weights = [variable.value for variable in self._model.trainable_variables]
        self._moving = [variable.value for variable in self._model.non_trainable_variables]
        self._inputs = [weight.detach() for weight in self._weights]  # of the compiled step: the same memory
        decayed = find_decayed(self._model.trainable_variables, recipe)
        self._decayed = [index for index, decays in enumerate(decayed) if decays]
        self._device = self._weights[0].device
        self.runs_ahead = self._device.type != "cpu"
        self._scales_loss = isinstance(self._optimizer, keras.optimizers.LossScaleOptimizer)
        is_alone = self._device.type == "cuda" and self._exchanges_nothing
        self._records_passes = is_alone and is_fast
        self._records = is_alone and (is_fast or jit) and not self._scales_loss
        variables = self._model.trainable_variables
        self._update = (
            self._update_by_keras if self._scales_loss else Update(self._optimizer, variables, on_device=self._records)
        )
        self._compiled: dict[int, _PurePasses] = {}
        self._recorder = Recorder()

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
            self._run_compiled(size, arguments)  # the graph has no side effects
            trace_seconds += traced - start
            compile_seconds += time.perf_counter() - traced
        return CompileTimes(trace_seconds=trace_seconds, compile_seconds=compile_seconds)

    def step_bytes(self) -> None:
        """Only a run of the step shows it."""

    def recorded_bytes(self) -> int | None:
        return self._recorder.peak_bytes

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate
        if isinstance(self._update, Update):
            self._update.set_rate(learning_rate)

    def place(self, array: NDArray[Any]) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor if self._device.type == "cpu" else tensor.pin_memory().to(self._device, non_blocking=True)

    def start(self, x: torch.Tensor, y: torch.Tensor) -> _Figures:
        with torch.no_grad():
            shown = self._recorder.run(self._step, x, y) if self._records else self._step(x, y)
            return self._send(shown)

    def _step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Both passes and the update: the three figures that it shows, on the device."""
        with torch.enable_grad():
            loss, correct, gradients = self._find(x, y)
        with torch.no_grad():
            sign = compute_backward_sign(gradients, self._optimizer)
            gradients = self._lay_out(gradients)
            self._add_decay(gradients)
            self._update(gradients)
            return torch.stack([loss, correct, sign])

    def finish(self, figures: _Figures) -> StepResult:
        if figures.arrived is not None:
            figures.arrived.synchronize()
        return read_step_result(figures.values.numpy())

    def logits(self, x: torch.Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            logits = self._recorder.run(self._forward, x) if self._records_passes else self._forward(x)
        values: NDArray[np.float32] = logits.cpu().numpy()
        return values

    def end(self) -> None:
        """The variables hold the state all along."""

    def _send(self, values: torch.Tensor) -> _Figures:
        """To the host, behind this step and before the next: a copy that is asked for later waits for later steps."""
        if self._device.type == "cpu":
            return _Figures(values=values, arrived=None)
        there = torch.empty(values.shape, dtype=values.dtype, pin_memory=True).copy_(values, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record(torch.cuda.current_stream(self._device))
        return _Figures(values=there, arrived=arrived)

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._model(x, training=False)

    def _find(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        return self._compiled_passes(x, y) if len(y) in self._compiled else self._passes(x, y)

    def _passes(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        """Without Keras's assignments, of which each layer makes two: all moving statistics are moved at once."""
        smoothing, scale = self._recipe.label_smoothing, self._optimizer.scale_loss
        loss, correct, gradients, moved = _run_passes(self._model, smoothing, self._weights, self._moving, x, y, scale)
        self._move(moved)
        return loss, correct, gradients

    def _compiled_passes(self, x: torch.Tensor, y: torch.Tensor) -> Passes:
        loss, correct, gradients, moved = self._run_compiled(len(y), self._arguments(x, y))
        self._move(moved)
        return loss, correct, gradients

    def _run_compiled(self, size: int, arguments: tuple[Any, ...]) -> tuple[torch.Tensor, torch.Tensor, Any, Any]:
        with torch.no_grad():
            return self._compiled[size](*arguments)

    def _move(self, moved: _Tensors) -> None:
        if self._moving:  # a network without batch normalisation has none
            with torch.no_grad():
                torch._foreach_copy_(self._moving, list(moved))

    def _arguments(
        self, x: torch.Tensor, y: torch.Tensor
    ) -> tuple[_Tensors, _Tensors, torch.Tensor, torch.Tensor, Any]:
        scale = self._optimizer.scale_loss(torch.ones((), device=self._device))
        return self._inputs, self._moving, x, y, scale

    def _lay_out(self, gradients: _Tensors) -> list[torch.Tensor]:
        """In memory as their weights are: otherwise each weight would be updated by operations of its own on a GPU."""
        found = list(gradients)
        others = [place for place, pair in enumerate(zip(found, self._weights, strict=True)) if _differ(*pair)]
        if others:
            copies = [torch.empty_like(self._weights[place]) for place in others]
            torch._foreach_copy_(copies, [found[place] for place in others])
            for place, copy in zip(others, copies, strict=True):
                found[place] = copy
        return found

    def _add_decay(self, gradients: Sequence[torch.Tensor]) -> None:
        if self._recipe.weight_decay:
            rate = 2 * self._recipe.weight_decay * self._read_loss_scale()
            kernels = [self._weights[index] for index in self._decayed]
            torch._foreach_add_([gradients[index] for index in self._decayed], kernels, alpha=rate)

    def _read_loss_scale(self) -> float:
        return float(self._optimizer.scale_loss(1.0)) if self._scales_loss else 1.0

    def _update_by_keras(self, gradients: _Tensors) -> None:
        self._optimizer.apply(gradients, self._model.trainable_variables)


def _differ(gradient: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether they lie in memory in different ways; the stride of an axis of one element means nothing."""
    if gradient.stride() == weight.stride():
        return False
    strides = zip(weight.shape, gradient.stride(), weight.stride(), strict=True)
    return any(size > 1 and mine != theirs for size, mine, theirs in strides)


def _run_passes(
    model: keras.Model,
    smoothing: float,
    weights: _Tensors,
    moving: _Tensors,
    x: torch.Tensor,
    y: torch.Tensor,
    scale: Callable[[torch.Tensor], torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor, _Tensors, _Tensors]:
    """Both passes: the loss, how many were right, the gradients of the scaled loss, and the moved statistics."""
    logits, moved = model.stateless_call(weights, moving, x, training=True)
    loss, correct = compute_loss(logits, y, smoothing=smoothing)
    return loss.detach(), correct, torch.autograd.grad(scale(loss), weights), moved


def _make_pure_passes(model: keras.Model, smoothing: float) -> _PurePasses:
    """Both passes as a function of tensors alone, which also returns the moved statistics.

    For the compiler: of Keras's own layers torch.compile makes many small graphs.
    """

    def passes(
        weights: _Tensors, moving: _Tensors, x: torch.Tensor, y: torch.Tensor, scale: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, _Tensors, _Tensors]:
        leaves = [weight.detach().requires_grad_() for weight in weights]
        with torch.enable_grad():
            return _run_passes(model, smoothing, leaves, moving, x, y, lambda loss: loss * scale)

    return passes
