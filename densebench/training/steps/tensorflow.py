"""Steps on TensorFlow: one graph for every batch size."""

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from densebench.recipes import Recipe
from densebench.training.objective import compute_backward_sign, compute_loss, find_decayed
from densebench.training.steps.step import CompileTimes, StepResult, Steps, read_step_result
from densebench.training.trainee import Trainee

_Tensors = list[tf.Tensor]


class TensorFlowSteps(Steps):
    """Variables exist before the trace, or TensorFlow would trace twice; the learning rate is one of them."""

    runs_ahead = False  # TensorFlow copies to the host only when the device has done everything it was given before

    def __init__(self, trainee: Trainee, recipe: Recipe, *, jit: bool) -> None:
        self._model, self._optimizer = trainee.model, trainee.optimizer
        self._recipe = recipe
        self._decayed = find_decayed(self._model.trainable_variables, recipe)
        images = tf.TensorSpec((None, *self._model.input_shape[1:]), tf.float32)
        labels = tf.TensorSpec((None,), tf.int32)
        self._train_function = tf.function(
            self._step, input_signature=[images, labels], jit_compile=jit, autograph=False
        )
        self._logits_function = tf.function(self._forward, input_signature=[images], jit_compile=jit, autograph=False)

    def compile(self, *batch_sizes: int) -> CompileTimes:
        start = time.perf_counter()
        self._train_function.get_concrete_function()
        return CompileTimes(trace_seconds=time.perf_counter() - start, compile_seconds=None)

    def step_bytes(self) -> None:
        """Only a run of the step shows it."""

    def begin(self, learning_rate: float) -> None:
        self._optimizer.learning_rate = learning_rate

    def place(self, array: NDArray[Any]) -> tf.Tensor:
        return tf.convert_to_tensor(array)

    def start(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return self._train_function(x, y)

    def finish(self, figures: tf.Tensor) -> StepResult:
        return read_step_result(figures.numpy())

    def logits(self, x: tf.Tensor) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self._logits_function(x).numpy()
        return values

    def end(self) -> None:
        """The variables hold the state all along."""

    def _step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self._model(x, training=True)
            loss, correct = compute_loss(logits, y, smoothing=self._recipe.label_smoothing)
            scaled = self._optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        gradients, loss, correct = self._combine(gradients, loss, correct)
        sign = compute_backward_sign(gradients, self._optimizer)
        rate = 2 * self._recipe.weight_decay * self._optimizer.scale_loss(1.0)
        gradients = [
            gradient + rate * variable.value if decays and self._recipe.weight_decay else gradient
            for gradient, variable, decays in zip(gradients, variables, self._decayed, strict=True)
        ]
        self._update(variables, gradients)
        return tf.stack([loss, correct, sign])

    def _combine(
        self, gradients: _Tensors, loss: tf.Tensor, correct: tf.Tensor
    ) -> tuple[_Tensors, tf.Tensor, tf.Tensor]:
        """Of what was found on this device, what the whole batch has: here the same."""
        return gradients, loss, correct

    def _update(self, variables: Sequence[keras.Variable], gradients: Sequence[tf.Tensor]) -> None:
        """SGD as Keras has it, by one operation a variable: Keras's own are most of a traced graph."""
        optimizer = self._optimizer
        if not (type(optimizer) is keras.optimizers.SGD and optimizer.momentum):
            self._apply(variables, gradients)
            return
        rate = tf.convert_to_tensor(optimizer.learning_rate.value)
        for variable, velocity, gradient in zip(variables, optimizer.momentums, gradients, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.value.handle,
                accum=velocity.value.handle,
                lr=rate,
                grad=gradient,
                momentum=optimizer.momentum,
                use_nesterov=optimizer.nesterov,
            )
        optimizer.iterations.assign_add(1)

    def _apply(self, variables: Sequence[keras.Variable], gradients: Sequence[tf.Tensor]) -> None:
        """The update by Keras's own operations."""
        self._optimizer.apply(gradients, variables)

    def _forward(self, x: tf.Tensor) -> tf.Tensor:
        return self._model(x, training=False)
