"""Steps on PyTorch: eager, or with the forward and the backward pass compiled as one graph."""

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
from densebench.training.optimizers import Muon
from densebench.training.steps.step import CompileTimes, StepResult, Steps, read_step_result
from densebench.training.trainee import Trainee

_Tensors = Sequence[torch.Tensor]
_GRAPHS = "reduce-overhead"  # torch.compile's mode that records CUDA graphs
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

    def __init__(self, trainee: Trainee, recipe: Recipe, *, jit: bool) -> None:
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
        self._rate = recipe.learning_rate
        self._compiled: dict[int, _PurePasses] = {}

    def compile(self, *batch_sizes: int) -> CompileTimes:
        if not self._jit:
            return CompileTimes(trace_seconds=None, compile_seconds=None)
        trace_seconds = compile_seconds = 0.0
        graphs = self._takes_graphs()
        if graphs:
            for tensor in (*self._inputs, *self._moving):
                torch._dynamo.mark_static_address(tensor)  # it is changed in place: no copy for the graph
        for size in dict.fromkeys(batch_sizes):
            start = time.perf_counter()
            arguments = self._arguments(
                torch.zeros((size, *self._model.input_shape[1:]), device=self._device),
                torch.zeros(size, dtype=torch.int32, device=self._device),
            )
            graph = make_fx(_make_pure_passes(self._model, self._recipe.label_smoothing))(*arguments)
            traced = time.perf_counter()
            self._compiled[size] = torch.compile(graph, dynamic=False, **({"mode": _GRAPHS} if graphs else {}))
            for _ in range(3 if graphs else 1):  # compiles, is recorded, is replayed; the graph has no side effects
                self._run_compiled(size, arguments)
            trace_seconds += traced - start
            compile_seconds += time.perf_counter() - traced
        return CompileTimes(trace_seconds=trace_seconds, compile_seconds=compile_seconds)

    def step_bytes(self) -> None:
        """Only a run of the step shows it."""

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate
        self._rate = float(np.float32(learning_rate))  # what the optimizer's variable then holds, without reading it

    def place(self, array: NDArray[Any]) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor if self._device.type == "cpu" else tensor.pin_memory().to(self._device, non_blocking=True)

    def start(self, x: torch.Tensor, y: torch.Tensor) -> _Figures:
        loss, correct, gradients = self._find(x, y)
        with torch.no_grad():
            sign = compute_backward_sign(gradients, self._optimizer)
            gradients = self._lay_out(gradients)
            self._add_decay(gradients)
            self._update(gradients)
            return self._send(torch.stack([loss, correct, sign]))

    def finish(self, figures: _Figures) -> StepResult:
        if figures.arrived is not None:
            figures.arrived.synchronize()
        return read_step_result(figures.values.numpy())

    def logits(self, x: torch.Tensor) -> NDArray[np.float32]:
        with torch.no_grad():
            values: NDArray[np.float32] = self._forward(x).cpu().numpy()
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

    def _takes_graphs(self) -> bool:
        """Whether a compiled step is replayed as a CUDA graph, for which everything must stay on this device."""
        return bool(self._device.type == "cuda")

    def _run_compiled(self, size: int, arguments: tuple[Any, ...]) -> tuple[torch.Tensor, torch.Tensor, Any, Any]:
        if self._takes_graphs():
            torch.compiler.cudagraph_mark_step_begin()  # what the last step gave is used up and may be overwritten
        with torch.no_grad():
            return self._compiled[size](*arguments)

    def _move(self, moved: _Tensors) -> None:
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

    def _update(self, gradients: list[torch.Tensor]) -> None:
        """SGD as Keras has it, but for the rate, which is a number here: Keras reads its own back from the device."""
        optimizer = self._optimizer
        if self._scales_loss or isinstance(optimizer, Muon):
            optimizer.apply(gradients, self._model.trainable_variables)
            return
        if optimizer.momentum:
            velocities = [variable.value for variable in optimizer.momentums]
            torch._foreach_mul_(velocities, optimizer.momentum)
            torch._foreach_add_(velocities, gradients, alpha=-self._rate)
            if optimizer.nesterov:
                torch._foreach_add_(self._weights, gradients, alpha=-self._rate)
                torch._foreach_add_(self._weights, velocities, alpha=optimizer.momentum)
            else:
                torch._foreach_add_(self._weights, velocities)
        else:
            torch._foreach_add_(self._weights, gradients, alpha=-self._rate)
        optimizer.iterations.value.add_(1)


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
