"""FastLayers: the same networks and variables as :mod:`keras_layers` has, interpreted faster.

The whole network is one Keras layer. Each time it is traced, the network's own definition runs once more, on feature
maps instead of symbolic tensors, and each word of the vocabulary becomes an operation of the backend's kernels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar

import keras

from densebench.models.initial_weights import initial_value
from densebench.models.layers import LayerNames
from densebench.models.variant import Variant, check_request

Tensor = TypeVar("Tensor")

Shapes = dict[str, tuple[int, ...]]  # of the variables of a layer, by name

MOMENTUM = 0.9
MOST_PARTS = 8  # of a concatenation; more are joined into one


@dataclass(kw_only=True)
class Part(Generic[Tensor]):
    """A tensor (batch, height, width, channels) and its statistics over the batch, once a normalisation took them."""

    tensor: Tensor
    channels: int
    statistics: tuple[Tensor, Tensor] | None = None  # mean and biased variance of each channel


Parts = tuple[Part[Tensor], ...]  # a feature map: one part, or a concatenation that is put off


class Kernels(Protocol[Tensor]):
    """What a backend does. Every normalisation reads parts, so that a concatenation's parts share their statistics."""

    def conv(self, x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor: ...

    def batch_norm(
        self, parts: Parts[Tensor], gamma: Tensor, beta: Tensor, relu: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Normalised by the batch; also its mean and biased variance."""

    def moving_norm(
        self, parts: Parts[Tensor], gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool
    ) -> Tensor:
        """Normalised by given statistics."""

    def join(self, parts: Parts[Tensor]) -> Part[Tensor]: ...

    def relu(self, x: Tensor) -> Tensor: ...

    def add(self, x: Tensor, y: Tensor) -> Tensor: ...

    def pad_channels(self, x: Tensor, before: int, behind: int, stride: int) -> Tensor: ...

    def average_pool(self, x: Tensor, size: int) -> Tensor: ...

    def max_pool(self, x: Tensor, size: int, stride: int) -> Tensor: ...

    def global_average_pool(self, x: Tensor) -> Tensor: ...

    def dense(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor: ...


class Interpret(Protocol[Tensor]):
    """(kernels, image, variables of each layer, training) -> logits, and the batch statistics in order of call."""

    def __call__(
        self, kernels: Kernels[Tensor], image: Tensor, groups: Sequence[tuple[Tensor, ...]], training: bool, /
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]: ...


def build(
    variant: Variant, *, classes: int, image_size: int, weight_decay: float, seed: int, recompute: bool
) -> keras.Model:
    """Model from float32 images (batch, height, width, 3) to float32 logits (batch, classes).

    Raises :class:`InputError` for a request that the network cannot serve. ``weight_decay`` makes no difference to
    what the model computes: the training step adds its gradient.
    """
    check_request(variant, classes=classes, image_size=image_size)
    image = keras.Input((image_size, image_size, 3), name="image")
    network = FastNetwork(variant, classes=classes, seed=seed, recompute=recompute)
    return keras.Model(image, network(image), name=variant.name)


class FastNetwork(keras.layers.Layer):  # type: ignore[misc]
    """All of a network in one layer: it holds the variables, and calls the kernels of the backend."""

    def __init__(self, variant: Variant, *, classes: int, seed: int, recompute: bool) -> None:
        super().__init__(name="fast_network", autocast=False)
        self._variant, self._classes, self._recompute = variant, classes, recompute
        declared = DeclaringLayers()
        variant.build(declared, 3, classes)
        self._weights = [Weights(name, shapes, seed) for name, shapes in declared.layers]
        self.built = True

    def compute_output_spec(self, image: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        return keras.KerasTensor((image.shape[0], self._classes), dtype="float32")

    def call(self, image: Any, training: bool = False) -> Any:
        groups = [weights.values() for weights in self._weights]
        logits, statistics = _run(self._interpret, image, groups, training=training, recompute=self._recompute)
        if training and statistics:
            self._follow(statistics)
        return logits

    def _interpret(
        self, kernels: Kernels[Tensor], image: Tensor, groups: Sequence[tuple[Tensor, ...]], training: bool
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """The logits, and the batch statistics of every normalisation in order of call."""
        nn = FastLayers(kernels, iter(groups), training=training)
        logits = self._variant.build(nn, (Part(tensor=image, channels=3),), self._classes)
        return logits[0].tensor, nn.statistics

    def _follow(self, statistics: Sequence[tuple[Any, Any]]) -> None:
        """Move the moving statistics a tenth of the way to the batch's: all of them as one vector."""
        moving = [variable for weights in self._weights for variable in weights.moving]
        old = keras.ops.concatenate([variable.value for variable in moving])
        new = keras.ops.concatenate([value for pair in statistics for value in pair])
        ends = list(accumulate(variable.shape[0] for variable in moving))[:-1]
        for variable, value in zip(moving, keras.ops.split(old * MOMENTUM + new * (1 - MOMENTUM), ends), strict=True):
            variable.assign(value)


def _run(interpret: Any, image: Any, groups: Any, *, training: bool, recompute: bool) -> Any:
    """Interpret the network with the kernels of the backend in use."""
    if keras.backend.backend() == "tensorflow":
        from densebench.models import fast_tensorflow

        return fast_tensorflow.run(interpret, image, groups, training=training, recompute=recompute)
    from densebench.models import fast_operations

    return fast_operations.run(interpret, image, groups, training=training, recompute=recompute)


class Weights(keras.layers.Layer):  # type: ignore[misc]
    """The variables of one layer of the network, under its name."""

    def __init__(self, name: str, shapes: Shapes, seed: int) -> None:
        super().__init__(name=name, dtype="float32")
        for variable, shape in shapes.items():
            self.add_weight(
                name=variable,
                shape=shape,
                initializer=lambda shape, dtype, path=f"{name}/{variable}": initial_value(path, shape, seed),
                trainable=not variable.startswith("moving_"),
                autocast=False,
            )
        self.built = True

    @property
    def moving(self) -> list[keras.Variable]:
        return list(self.non_trainable_variables)

    def values(self) -> tuple[Any, ...]:
        return tuple(variable.value for variable in self.variables)


class DeclaringLayers:
    """The vocabulary on numbers of channels: it notes the variables of every layer."""

    def __init__(self) -> None:
        self.layers: list[tuple[str, Shapes]] = []
        self._names = LayerNames()

    def channels(self, x: int) -> int:
        return x

    def conv(self, x: int, filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False) -> int:
        shapes: Shapes = {"kernel": (kernel_size, kernel_size, x, filters)}
        return self._declare("conv", shapes | {"bias": (filters,)} if bias else shapes, filters)

    def bn(self, x: int) -> int:
        return self._declare("bn", dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (x,)), x)

    def relu(self, x: int) -> int:
        return x

    def bn_relu(self, x: int) -> int:
        return self.bn(x)

    def concat(self, *xs: int) -> int:
        return sum(xs)

    def add(self, x: int, y: int) -> int:
        return x

    def pad_channels(self, x: int, filters: int, *, stride: int) -> int:
        return filters

    def average_pool(self, x: int, size: int) -> int:
        return x

    def max_pool(self, x: int, size: int, *, stride: int) -> int:
        return x

    def global_average_pool(self, x: int) -> int:
        return x

    def dense(self, x: int, units: int) -> int:
        return self._declare("dense", {"kernel": (x, units), "bias": (units,)}, units)

    def _declare(self, kind: str, shapes: Shapes, channels: int) -> int:
        self.layers.append((self._names.next(kind), shapes))
        return channels


class FastLayers(Generic[Tensor]):
    """The vocabulary on feature maps; ``groups`` are the variables of every layer that has some, in order of call."""

    def __init__(self, kernels: Kernels[Tensor], groups: Iterator[tuple[Tensor, ...]], *, training: bool) -> None:
        self._kernels, self._groups, self._training = kernels, groups, training
        self.statistics: list[tuple[Tensor, Tensor]] = []

    def channels(self, x: Parts[Tensor]) -> int:
        return sum(part.channels for part in x)

    def conv(
        self, x: Parts[Tensor], filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False
    ) -> Parts[Tensor]:
        kernel, *rest = next(self._groups)
        return self._part(self._kernels.conv(self._whole(x), kernel, rest[0] if bias else None, stride), filters)

    def bn(self, x: Parts[Tensor]) -> Parts[Tensor]:
        return self._norm(x, relu=False)

    def bn_relu(self, x: Parts[Tensor]) -> Parts[Tensor]:
        return self._norm(x, relu=True)

    def relu(self, x: Parts[Tensor]) -> Parts[Tensor]:
        return self._part(self._kernels.relu(self._whole(x)), self.channels(x))

    def concat(self, *xs: Parts[Tensor]) -> Parts[Tensor]:
        parts = tuple(part for x in xs for part in x)
        return (self._kernels.join(parts),) if len(parts) > MOST_PARTS else parts

    def add(self, x: Parts[Tensor], y: Parts[Tensor]) -> Parts[Tensor]:
        return self._part(self._kernels.add(self._whole(x), self._whole(y)), self.channels(x))

    def pad_channels(self, x: Parts[Tensor], filters: int, *, stride: int) -> Parts[Tensor]:
        before = (filters - self.channels(x)) // 2
        behind = filters - self.channels(x) - before
        return self._part(self._kernels.pad_channels(self._whole(x), before, behind, stride), filters)

    def average_pool(self, x: Parts[Tensor], size: int) -> Parts[Tensor]:
        return self._part(self._kernels.average_pool(self._whole(x), size), self.channels(x))

    def max_pool(self, x: Parts[Tensor], size: int, *, stride: int) -> Parts[Tensor]:
        return self._part(self._kernels.max_pool(self._whole(x), size, stride), self.channels(x))

    def global_average_pool(self, x: Parts[Tensor]) -> Parts[Tensor]:
        return self._part(self._kernels.global_average_pool(self._whole(x)), self.channels(x))

    def dense(self, x: Parts[Tensor], units: int) -> Parts[Tensor]:
        kernel, bias = next(self._groups)
        return self._part(self._kernels.dense(self._whole(x), kernel, bias), units)

    def _norm(self, x: Parts[Tensor], *, relu: bool) -> Parts[Tensor]:
        gamma, beta, moving_mean, moving_variance = next(self._groups)
        if self._training:
            y, statistics = self._kernels.batch_norm(x, gamma, beta, relu)
            self.statistics.append(statistics)
        else:
            y = self._kernels.moving_norm(x, gamma, beta, moving_mean, moving_variance, relu)
        return self._part(y, self.channels(x))

    def _whole(self, x: Parts[Tensor]) -> Tensor:
        return (x[0] if len(x) == 1 else self._kernels.join(x)).tensor

    def _part(self, tensor: Tensor, channels: int) -> Parts[Tensor]:
        return (Part(tensor=tensor, channels=channels),)
