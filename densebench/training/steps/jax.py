"""Steps on JAX: the state is lists of arrays on the device, and each batch size has its own compiled step."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from densebench.recipes import Recipe
from densebench.training.objective import compute_backward_sign, compute_loss, find_decayed
from densebench.training.steps.step import CompileTimes, StepResult, Steps, read_step_result
from densebench.training.trainee import Trainee

Arrays = list[jax.Array]
_State = tuple[Arrays, Arrays, Arrays]  # trainable, non-trainable, optimizer
Found = tuple[Arrays, Arrays, jax.Array, jax.Array]  # gradients, non-trainable, loss, how many were right


class JaxSteps(Steps):
    """Between :meth:`begin` and :meth:`end` the state is here alone: the variables' own buffers are donated to XLA."""

    def __init__(self, trainee: Trainee, recipe: Recipe) -> None:
        self.runs_ahead = jax.default_backend() != "cpu"  # there the host computes, and gains nothing
        self._model, self._optimizer = trainee.model, trainee.optimizer
        self._recipe = recipe
        self._decayed = find_decayed(self._model.trainable_variables, recipe)
        self._state = self._read()
        self._compiled: dict[int, jax.stages.Compiled] = {}
        self._forward = jax.jit(self._infer)

    def compile(self, *batch_sizes: int) -> CompileTimes:
        trace_seconds = compile_seconds = 0.0
        for size in dict.fromkeys(batch_sizes):
            start = time.perf_counter()
            lowered = self._lower(size)
            traced = time.perf_counter()
            self._compiled[size] = lowered.compile()
            trace_seconds += traced - start
            compile_seconds += time.perf_counter() - traced
        return CompileTimes(trace_seconds=trace_seconds, compile_seconds=compile_seconds)

    def _lower(self, batch_size: int) -> jax.stages.Lowered:
        return jax.jit(self._step, donate_argnums=0).lower(self._state, *self._describe_batch(batch_size))

    def _describe_batch(
        self, batch_size: int, sharding: jax.sharding.Sharding | None = None
    ) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
        x = jax.ShapeDtypeStruct((batch_size, *self._model.input_shape[1:]), jnp.float32, sharding=sharding)
        return x, jax.ShapeDtypeStruct((batch_size,), jnp.int32, sharding=sharding)

    def _infer(self, state: _State, x: jax.Array) -> jax.Array:
        logits: jax.Array = self._model.stateless_call(state[0], state[1], x, training=False)[0]
        return logits

    def step_bytes(self) -> int | None:
        known = [count for step in self._compiled.values() if (count := _count_bytes(step)) is not None]
        return max(known, default=None)

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate
        self._state = self._read()

    def place(self, array: NDArray[Any]) -> jax.Array:
        return jax.device_put(array)

    def start(self, x: jax.Array, y: jax.Array) -> jax.Array:
        figures: jax.Array
        self._state, figures = self._compiled[len(y)](self._state, x, y)
        return figures

    def finish(self, figures: jax.Array) -> StepResult:
        return read_step_result(np.asarray(figures))

    def logits(self, x: jax.Array) -> NDArray[np.float32]:
        return np.asarray(self._forward(self._state, x))

    def end(self) -> None:
        for variables, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _variables(self) -> tuple[list[keras.Variable], list[keras.Variable], list[keras.Variable]]:
        return self._model.trainable_variables, self._model.non_trainable_variables, self._optimizer.variables

    def _read(self) -> _State:
        trainable, non_trainable, optimizer = ([variable.value for variable in group] for group in self._variables())
        return trainable, non_trainable, optimizer

    def _step(
        self, state: _State, x: jax.Array, y: jax.Array, *, combine: Callable[[Found], Found] = lambda found: found
    ) -> tuple[_State, jax.Array]:
        """``combine`` makes of what is found on a part of a batch what the whole has."""
        trainable, non_trainable, optimizer = state
        scale = self._loss_scale(optimizer)

        def scaled_loss(weights: Arrays) -> tuple[jax.Array, tuple[Arrays, jax.Array, jax.Array]]:
            logits, updated = self._model.stateless_call(weights, non_trainable, x, training=True)
            loss, correct = compute_loss(logits, y, smoothing=self._recipe.label_smoothing)
            return loss * scale, (updated, loss, correct)

        gradients, (non_trainable, loss, correct) = jax.grad(scaled_loss, has_aux=True)(trainable)
        gradients, non_trainable, loss, correct = combine((gradients, non_trainable, loss, correct))
        sign = compute_backward_sign(gradients, self._optimizer)
        rate = 2 * self._recipe.weight_decay * scale
        gradients = [
            gradient + rate * weight if decays and self._recipe.weight_decay else gradient
            for gradient, weight, decays in zip(gradients, trainable, self._decayed, strict=True)
        ]
        trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, non_trainable, optimizer), jnp.stack([loss, correct, sign])

    def _loss_scale(self, optimizer: Arrays) -> Any:
        mapping = list(zip(self._optimizer.variables, optimizer, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return self._optimizer.scale_loss(1.0)


def _count_bytes(step: jax.stages.Compiled) -> int | None:
    """Arguments, results and what the step takes in between; a result that replaces an argument counts once."""
    try:
        needs = step.memory_analysis()
    except NotImplementedError:  # not every runtime has it
        return None
    if needs is None:
        return None
    results = needs.output_size_in_bytes - needs.alias_size_in_bytes
    return int(needs.argument_size_in_bytes + results + needs.temp_size_in_bytes)
