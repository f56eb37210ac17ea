"""The same networks and variables as :mod:`densebench.models.keras_layers` has, made faster.

The whole network is one Keras layer. Whenever it is traced, the network's own definition runs once more, on feature
maps of the backend's tensors instead of Keras's symbolic ones.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, cast

import keras

from densebench.config import clean_name
from densebench.models.fast.layers import FastLayers, FeatureMap, Kernels, Part, Tensor
from densebench.models.fast.variables import DeclaringLayers, Variables
from densebench.models.layers import MOMENTUM
from densebench.models.variant import Variant


def build_fast(variant: Variant, *, classes: int, image_size: int, seed: int, recompute: bool) -> keras.Model:
    """Model from float32 images (batch, height, width, 3), standardised, to float32 logits (batch, classes).

    It has no regularizers: the training step adds the gradient of the weight decay.
    """
    image = keras.Input((image_size, image_size, 3), name="image")
    network = _FastNetwork(variant, classes=classes, seed=seed, recompute=recompute)
    return keras.Model(image, network(image), name=clean_name(variant.name))


class _FastNetwork(keras.layers.Layer):  # type: ignore[misc]
    """All of a network in one layer: it holds the variables, and calls the kernels of the backend."""

    def __init__(self, variant: Variant, *, classes: int, seed: int, recompute: bool) -> None:
        super().__init__(name="fast_network", autocast=False)
        self._variant, self._classes, self._recompute = variant, classes, recompute
        self.synchronized = False  # as Keras's own layer has it: statistics over the batch of all devices
        self.operations: Any = None  # instead of the backend's own, where several processes share each batch
        declared = DeclaringLayers()
        variant.build(declared, 3, classes)
        self._layer_variables = [Variables(name, shapes, seed) for name, shapes in declared.layers]
        self.built = True

    def compute_output_spec(self, image: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        return keras.KerasTensor((image.shape[0], self._classes), dtype="float32")

    def call(self, image: Any, training: bool = False) -> Any:
        groups = [variables.values() for variables in self._layer_variables]
        logits, statistics = self._run(image, groups, training=training)
        if training and statistics:
            self._update_moving_statistics(statistics)
        return logits

    def _run(self, image: Any, groups: Sequence[tuple[Any, ...]], *, training: bool) -> tuple[Any, Sequence[Any]]:
        """Logits and batch statistics, by the kernels of the backend in use."""
        ways = {"training": training, "recompute": self._recompute}
        if keras.backend.backend() == "tensorflow":
            from densebench.models.fast import tensorflow_kernels

            # not by Keras's global dtype, which each thread has for itself: a strategy traces each replica in its own
            pixels = keras.ops.cast(image, self.compute_dtype)
            return tensorflow_kernels.run(self._interpret, pixels, groups, synchronized=self.synchronized, **ways)
        from densebench.models.fast import keras_kernels

        return keras_kernels.run(self._interpret, image, groups, operations=self.operations, **ways)

    def _interpret(
        self, kernels: Kernels[Tensor], image: Tensor, groups: Sequence[tuple[Tensor, ...]], training: bool
    ) -> tuple[Tensor, list[Tensor]]:
        nn = FastLayers(kernels, iter(groups), training=training)
        logits = self._variant.build(nn, FeatureMap(parts=(Part(tensor=image, channels=3),)), self._classes)
        return logits.parts[0].tensor, nn.statistics

    def _update_moving_statistics(self, statistics: Sequence[Any]) -> None:
        """Move the moving statistics a tenth of the way to the batch's: all of them as one vector."""
        old = keras.ops.concatenate([variable.value for variable in self.non_trainable_variables])
        moved = old * MOMENTUM + keras.ops.concatenate(statistics) * (1 - MOMENTUM)
        pieces = _split(moved, [variable.shape[0] for variable in self.non_trainable_variables])
        for variable, value in zip(self.non_trainable_variables, pieces, strict=True):
            variable.assign(value)


def _split(vector: Any, sizes: Sequence[int]) -> Sequence[Any]:
    if keras.backend.backend() == "torch":
        return cast(Sequence[Any], vector.split(sizes))  # by Keras's the sizes would go to the device and come back
    return cast(Sequence[Any], keras.ops.split(vector, list(accumulate(sizes))[:-1]))
