"""The variables of the fast implementation: those of the plain one, under the same names, in the same order."""

from typing import Any

import keras

from densebench.models.initial_weights import make_initializer
from densebench.models.layers import LayerNames

Shapes = dict[str, tuple[int, ...]]  # of the variables of a layer, by name


class Variables(keras.layers.Layer):  # type: ignore[misc]
    """The variables of one layer of the network, under its name."""

    def __init__(self, name: str, shapes: Shapes, seed: int) -> None:
        super().__init__(name=name, dtype="float32")
        for variable, shape in shapes.items():
            self.add_weight(
                name=variable,
                shape=shape,
                initializer=make_initializer(f"{name}/{variable}", seed),
                trainable=not variable.startswith("moving_"),
                autocast=False,
            )
        self.built = True

    def values(self) -> tuple[Any, ...]:
        """The backend's tensors in order of creation."""
        return tuple(variable.value for variable in self.variables)


class DeclaringLayers:
    """The vocabulary on numbers of channels: it notes the variables of every layer that has some."""

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
