"""CostLayers: what a network costs, counted in plain Python without a framework."""

import math
from dataclasses import dataclass

from densebench.models.layers import LayerNames
from densebench.models.variant import Variant
from densebench.models.variants import check_request

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LayerCost:
    """One layer; figures of the forward pass are per image."""

    name: str  # conv1, bn1, ...: numbered by kind in order of call
    kind: str
    output_shape: Shape  # (height, width, channels), or (channels,) after the global pooling
    params: int = 0
    non_trainable_params: int = 0  # of these, the moving mean and variance of a batch normalisation
    macs: int | None = 0  # multiply-adds of convolutions and dense layers, a bias counts as 0; None: unknown

    @property
    def activations(self) -> int:
        """Number of elements in the output."""
        return math.prod(self.output_shape)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A whole network: its layers in order of call."""

    layers: tuple[LayerCost, ...]

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def non_trainable_params(self) -> int:
        return sum(layer.non_trainable_params for layer in self.layers)

    @property
    def trainable_params(self) -> int:
        return self.params - self.non_trainable_params

    @property
    def forward_macs(self) -> int | None:
        """Multiply-adds of one image's forward pass, over convolutions and dense layers; None: unknown of a layer."""
        known = [layer.macs for layer in self.layers if layer.macs is not None]
        return sum(known) if len(known) == len(self.layers) else None

    @property
    def uncounted(self) -> tuple[str, ...]:
        """The kinds of layers whose multiply-adds are unknown, each once."""
        return tuple(dict.fromkeys(layer.kind for layer in self.layers if layer.macs is None))

    @property
    def activations(self) -> int:
        """Elements of all layers' outputs for one image."""
        return sum(layer.activations for layer in self.layers)

    @property
    def weights_bytes(self) -> int:
        """All parameters in float32."""
        return 4 * self.params


def count(variant: Variant, *, classes: int, image_size: int) -> Cost:
    """Cost of a network on square colour images; raises :class:`InputError` for a request it cannot serve."""
    check_request(variant, classes=classes, image_size=image_size)
    nn = CostLayers()
    variant.build(nn, (image_size, image_size, 3), classes)
    return Cost(layers=tuple(nn.layers))


class CostLayers:
    """The vocabulary on shapes: every word computes its output's shape and writes one :class:`LayerCost`."""

    def __init__(self) -> None:
        self.layers: list[LayerCost] = []
        self._names = LayerNames()

    def channels(self, x: Shape) -> int:
        return x[-1]

    def conv(self, x: Shape, filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False) -> Shape:
        shape = (*_divide_by_stride(x, stride), filters)
        weights = kernel_size**2 * x[-1] * filters
        return self._add("conv", shape, params=weights + bias * filters, macs=weights * shape[0] * shape[1])

    def bn(self, x: Shape) -> Shape:
        return self._add("bn", x, params=4 * x[-1], non_trainable_params=2 * x[-1])

    def relu(self, x: Shape) -> Shape:
        return self._add("relu", x)

    def bn_relu(self, x: Shape) -> Shape:
        return self.bn(x)

    def concat(self, *xs: Shape) -> Shape:
        return self._add("concat", (*xs[0][:-1], sum(x[-1] for x in xs)))

    def add(self, x: Shape, y: Shape) -> Shape:
        return self._add("add", x)

    def pad_channels(self, x: Shape, filters: int, *, stride: int) -> Shape:
        return self._add("pad_channels", (*_divide_by_stride(x, stride), filters))

    def average_pool(self, x: Shape, size: int) -> Shape:
        return self._add("average_pool", (x[0] // size, x[1] // size, x[2]))

    def max_pool(self, x: Shape, size: int, *, stride: int) -> Shape:
        return self._add("max_pool", (*_divide_by_stride(x, stride), x[2]))

    def global_average_pool(self, x: Shape) -> Shape:
        return self._add("global_average_pool", x[-1:])

    def dense(self, x: Shape, units: int) -> Shape:
        return self._add("dense", (units,), params=(x[0] + 1) * units, macs=x[0] * units)

    def _add(self, kind: str, shape: Shape, *, params: int = 0, non_trainable_params: int = 0, macs: int = 0) -> Shape:
        self.layers.append(
            LayerCost(
                name=self._names.next(kind),
                kind=kind,
                output_shape=shape,
                params=params,
                non_trainable_params=non_trainable_params,
                macs=macs,
            )
        )
        return shape


def _divide_by_stride(x: Shape, stride: int) -> Shape:
    """Height and width after a stride, padded so that no pixel is dropped."""
    return (-(-x[0] // stride), -(-x[1] // stride))
