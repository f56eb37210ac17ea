"""Steps on TensorFlow on several devices: the same step runs on each, and what it finds is averaged before its update.

Every device has its own copy of every variable, and makes the same update to it. Moving statistics are the exception
where each device normalises by its own part of a batch: they are averaged at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from densebench.recipes import Recipe
from densebench.training.parallel.tensorflow import TensorFlowDataParallel
from densebench.training.steps.step import StepResult
from densebench.training.steps.tensorflow import TensorFlowSteps
from densebench.training.trainee import Trainee

_Tensors = list[tf.Tensor]


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """A batch, on the devices of this process."""

    tensors: list[tf.Tensor]
    images: int  # of the whole batch


class ParallelTensorFlowSteps(TensorFlowSteps):
    """One graph has the step of every device of this process."""

    def __init__(self, trainee: Trainee, recipe: Recipe, parallel: TensorFlowDataParallel) -> None:
        super().__init__(trainee, recipe, jit=False)
        self._parallel, self._layout = parallel, parallel.layout
        for layer in trainee.model.layers:
            if hasattr(layer, "synchronized"):
                layer.synchronized = self._layout.synchronises_batch_norm
        images, labels = ([spec] * self._layout.local_devices for spec in self._train_function.input_signature)
        self._train_function = tf.function(
            lambda x, y: parallel.run(self._step, x, y)[0], input_signature=[images, labels], autograph=False
        )
        self._logits_function = tf.function(
            lambda x: parallel.run(self._forward, x), input_signature=[images], autograph=False
        )
        self._average_function = tf.function(lambda: parallel.run(self._average_statistics), autograph=False)

    def place(self, array: NDArray[Any]) -> _Parts:
        return _Parts(tensors=self._parallel.share_out(array), images=len(array))

    def start(self, x: _Parts, y: _Parts) -> tuple[tf.Tensor, int]:
        counted = self._layout.replicas if self._layout.is_shared(y.images) else 1
        return self._train_function(x.tensors, y.tensors), counted

    def finish(self, figures: tuple[tf.Tensor, int]) -> StepResult:
        shown, counted = figures
        loss, correct, sign = shown.numpy().tolist()
        return StepResult(loss=loss, correct=round(correct * counted), backward_sign=sign)

    def logits(self, x: _Parts) -> NDArray[np.float32]:
        parts: list[NDArray[np.float32]] = [part.numpy() for part in self._logits_function(x.tensors)]
        if not self._layout.is_shared(x.images):
            return parts[0]
        every: NDArray[np.float32] = self._parallel.gather(np.concatenate(parts))
        return every.reshape(x.images, -1)

    def end(self) -> None:
        if not self._layout.synchronises_batch_norm:
            self._average_function()

    def _combine(
        self, gradients: _Tensors, loss: tf.Tensor, correct: tf.Tensor
    ) -> tuple[_Tensors, tf.Tensor, tf.Tensor]:
        means: tuple[_Tensors, tf.Tensor, tf.Tensor] = _average((gradients, loss, correct))
        return means

    def _apply(self, variables: Sequence[keras.Variable], gradients: Sequence[tf.Tensor]) -> None:
        """Keras adds up the gradients of all devices, and those of each are the mean already."""
        super()._apply(variables, [gradient / self._layout.replicas for gradient in gradients])

    def _average_statistics(self) -> None:
        """All of them as one vector."""
        moving = [variable for variable in self._model.non_trainable_variables if variable.dtype == "float32"]
        means = _average(tf.concat([variable.value for variable in moving], 0))
        for variable, mean in zip(moving, tf.split(means, [variable.shape[0] for variable in moving]), strict=True):
            variable.assign(mean)


def _average(values: Any) -> Any:
    """The mean over all devices, of tensors in any structure."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)
