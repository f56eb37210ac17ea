"""FastLayers: the vocabulary on feature maps in parts, and what it asks of a backend.

A concatenation is deferred. A normalisation needs none, nor does the convolution after it: a convolution is linear, so
that of a concatenation is the sum of its parts' convolutions. What a DenseNet's layer reads is then two parts, a wide
one that stays as it is for some layers, and what came after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Tensor = TypeVar("Tensor")

LANES = 16  # float32 values in the widest vector register: a multiple of it in channels suits every kernel
_MOST_PARTS = 4  # of a deferred concatenation: copying the wide part costs as much as some layers' narrow ones


@dataclass(kw_only=True)
class Part(Generic[Tensor]):
    """A tensor (batch, height, width, channels) and its statistics over the batch, once a normalisation took them.

    In training mode they do not depend on which layer reads them.
    """

    tensor: Tensor
    channels: int
    statistics: tuple[Tensor, Tensor] | None = None  # mean and biased variance of each channel


@dataclass(kw_only=True)
class FeatureMap(Generic[Tensor]):
    """Parts, one after another along the channels."""

    parts: tuple[Part[Tensor], ...]
    normalised: bool = False

    @property
    def channels(self) -> int:
        return sum(part.channels for part in self.parts)


class Kernels(Protocol[Tensor]):
    """What a backend does."""

    def conv(self, x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        """Same padding; a kernel (height, width, channels, filters)."""

    def batch_norm(self, part: Part[Tensor], gamma: Tensor, beta: Tensor, relu: bool) -> Tensor:
        """Normalised by the batch's statistics, which the part has afterwards."""

    def moving_norm(self, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, relu: bool) -> Tensor:
        """Normalised by given statistics."""

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance of each channel."""

    def join(self, tensors: Sequence[Tensor]) -> Tensor:
        """Concatenated along the last axis."""

    def split(self, variable: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        """A variable in pieces."""

    def relu(self, x: Tensor) -> Tensor: ...

    def add(self, x: Tensor, y: Tensor) -> Tensor: ...

    def pad_channels(self, x: Tensor, before: int, behind: int, stride: int) -> Tensor: ...

    def average_pool(self, x: Tensor, size: int) -> Tensor: ...

    def max_pool(self, x: Tensor, size: int, stride: int) -> Tensor: ...

    def global_average_pool(self, x: Tensor) -> Tensor: ...

    def dense(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor: ...


class Interpret(Protocol[Tensor]):
    """(kernels, image, variables of each layer, training) -> logits, and the batch's statistics in pieces."""

    def __call__(
        self, kernels: Kernels[Tensor], image: Tensor, groups: Sequence[tuple[Tensor, ...]], training: bool, /
    ) -> tuple[Tensor, list[Tensor]]: ...


class FastLayers(Generic[Tensor]):
    """The vocabulary on a backend's tensors; ``groups`` are the variables of each layer that has some, in call order.

    ``statistics`` are those of the batch, in the order of the moving ones and in pieces.
    """

    def __init__(self, kernels: Kernels[Tensor], groups: Iterator[tuple[Tensor, ...]], *, training: bool) -> None:
        self._kernels, self._groups, self._training = kernels, groups, training
        self.statistics: list[Tensor] = []

    def channels(self, x: FeatureMap[Tensor]) -> int:
        return x.channels

    def conv(
        self, x: FeatureMap[Tensor], filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False
    ) -> FeatureMap[Tensor]:
        kernel, *rest = next(self._groups)
        parts = x.parts if x.normalised else (self._merge(x),)
        kernels = self._split(kernel, parts, axis=2)
        y = self._kernels.conv(parts[0].tensor, kernels[0], rest[0] if bias else None, stride)
        for part, piece in zip(parts[1:], kernels[1:], strict=True):
            y = self._kernels.add(y, self._kernels.conv(part.tensor, piece, None, stride))
        return _wrap(y, filters)

    def bn(self, x: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        return self._norm(x, relu=False)

    def bn_relu(self, x: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        return self._norm(x, relu=True)

    def relu(self, x: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        return _wrap(self._kernels.relu(self._merge(x).tensor), x.channels)

    def concat(self, *xs: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        parts = tuple(part for x in xs for part in x.parts)
        return FeatureMap(parts=(self._join(parts),) if _is_worth_joining(parts) else parts)

    def add(self, x: FeatureMap[Tensor], y: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        return _wrap(self._kernels.add(self._merge(x).tensor, self._merge(y).tensor), x.channels)

    def pad_channels(self, x: FeatureMap[Tensor], filters: int, *, stride: int) -> FeatureMap[Tensor]:
        before = (filters - x.channels) // 2
        behind = filters - x.channels - before
        return _wrap(self._kernels.pad_channels(self._merge(x).tensor, before, behind, stride), filters)

    def average_pool(self, x: FeatureMap[Tensor], size: int) -> FeatureMap[Tensor]:
        return _wrap(self._kernels.average_pool(self._merge(x).tensor, size), x.channels)

    def max_pool(self, x: FeatureMap[Tensor], size: int, *, stride: int) -> FeatureMap[Tensor]:
        return _wrap(self._kernels.max_pool(self._merge(x).tensor, size, stride), x.channels)

    def global_average_pool(self, x: FeatureMap[Tensor]) -> FeatureMap[Tensor]:
        pooled = [self._kernels.global_average_pool(part.tensor) for part in x.parts]
        return _wrap(pooled[0] if len(pooled) == 1 else self._kernels.join(pooled), x.channels)

    def dense(self, x: FeatureMap[Tensor], units: int) -> FeatureMap[Tensor]:
        kernel, bias = next(self._groups)
        return _wrap(self._kernels.dense(x.parts[0].tensor, kernel, bias), units)

    def _norm(self, x: FeatureMap[Tensor], *, relu: bool) -> FeatureMap[Tensor]:
        *narrow, wide = x.parts
        parts = (self._join(narrow), wide) if len(narrow) > 1 else x.parts
        variables = [self._split(variable, parts, axis=0) for variable in next(self._groups)]
        normalised = [
            self._normalise(part, *pieces, relu=relu) for part, *pieces in zip(parts, *variables, strict=True)
        ]
        if self._training:
            pairs = [part.statistics for part in parts if part.statistics is not None]
            self.statistics += [mean for mean, _ in pairs] + [variance for _, variance in pairs]
        return FeatureMap(parts=tuple(normalised), normalised=True)

    def _normalise(
        self, x: Part[Tensor], gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, *, relu: bool
    ) -> Part[Tensor]:
        y = (
            self._kernels.batch_norm(x, gamma, beta, relu)
            if self._training
            else self._kernels.moving_norm(x.tensor, gamma, beta, mean, variance, relu)
        )
        return Part(tensor=y, channels=x.channels)

    def _split(self, variable: Tensor, parts: Sequence[Part[Tensor]], *, axis: int) -> Sequence[Tensor]:
        """A variable's values for each part of the feature map that it belongs to."""
        if len(parts) == 1:
            return (variable,)
        return self._kernels.split(variable, [part.channels for part in parts], axis)

    def _merge(self, x: FeatureMap[Tensor]) -> Part[Tensor]:
        if len(x.parts) > 1:
            x.parts = (Part(tensor=self._kernels.join([part.tensor for part in x.parts]), channels=x.channels),)
        return x.parts[0]

    def _join(self, parts: Sequence[Part[Tensor]]) -> Part[Tensor]:
        """One part; in training mode with its statistics, taken once for each of the old ones."""
        joined = Part(
            tensor=self._kernels.join([part.tensor for part in parts]), channels=sum(part.channels for part in parts)
        )
        if self._training:
            for part in parts:
                part.statistics = part.statistics or self._kernels.statistics(part.tensor)
            means, variances = zip(*(part.statistics for part in parts if part.statistics), strict=True)
            joined.statistics = self._kernels.join(means), self._kernels.join(variances)
        return joined


def _is_worth_joining(parts: Sequence[Part[Tensor]]) -> bool:
    """Whether there are too many, or the widest would end up in lanes for the first time."""
    in_lanes = sum(part.channels for part in parts) % LANES == 0
    return len(parts) > _MOST_PARTS or (in_lanes and parts[-1].channels % LANES > 0)


def _wrap(tensor: Tensor, channels: int) -> FeatureMap[Tensor]:
    return FeatureMap(parts=(Part(tensor=tensor, channels=channels),))
