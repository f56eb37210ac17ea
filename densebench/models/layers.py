"""The vocabulary in which every network is written once.

A network is a function on a vocabulary ``nn`` and values of one opaque type: ``CostLayers`` counts with it,
``KerasLayers`` builds a ``keras.Model`` with it. What a value is, only the interpreter knows: a shape, a symbolic
tensor, a feature map together with its batch statistics.

Images are height x width x channels. Padding is always ``same``. Of parallel branches the one with more layers to go is
written first: then the variables of a ``keras.Model``, which orders its layers so, stand in the order of call.
"""

from collections import Counter
from typing import Protocol, TypeVar

Value = TypeVar("Value")

MOMENTUM = 0.9  # of the moving statistics of every batch normalisation
EPSILON = 1e-5  # added to its variance


class Layers(Protocol[Value]):
    """What a network may be made of."""

    def channels(self, x: Value) -> int:
        """Number of channels of a feature map."""

    def conv(self, x: Value, filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False) -> Value:
        """Square convolution: (H, W, C) -> (ceil(H / stride), ceil(W / stride), filters)."""

    def bn(self, x: Value) -> Value:
        """Batch normalisation over everything but the channels."""

    def relu(self, x: Value) -> Value:
        """max(x, 0)."""

    def bn_relu(self, x: Value) -> Value:
        """Batch normalisation, then ReLU: one word, because a fast implementation makes it one pass."""

    def concat(self, *xs: Value) -> Value:
        """Feature maps of equal height and width, joined along the channels in the order given."""

    def add(self, x: Value, y: Value) -> Value:
        """Sum of two feature maps of equal shape."""

    def pad_channels(self, x: Value, filters: int, *, stride: int) -> Value:
        """Shortcut without parameters: every ``stride``-th pixel, zeros for new channels (He et al. 2015, option A).

        The zeros are split evenly before and after the old channels.
        """

    def average_pool(self, x: Value, size: int) -> Value:
        """Mean of windows of ``size`` x ``size`` that do not overlap; a rest at the border is dropped."""

    def max_pool(self, x: Value, size: int, *, stride: int) -> Value:
        """Maximum of overlapping windows, padded to ceil(H / stride)."""

    def global_average_pool(self, x: Value) -> Value:
        """(H, W, C) -> (C,)."""

    def dense(self, x: Value, units: int) -> Value:
        """The classifier: (C,) -> logits of shape (units,), with a bias, always in float32."""


class LayerNames:
    """Names by kind and order of call: conv1, bn1, conv2, ...

    Every interpreter names its layers with it, so that ``conv2/kernel`` is the same variable in each of them.
    ``bn`` and ``bn_relu`` are both of the kind ``bn``.
    """

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """The name of the next layer of a kind."""
        self._used[kind] += 1
        return f"{kind}{self._used[kind]}"
