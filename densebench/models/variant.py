"""Variant: a network that has a name, and what may be asked of it."""

from dataclasses import dataclass
from typing import Protocol

from densebench.errors import InputError
from densebench.models.layers import Layers, Value

_SMALLEST_IMAGE = 8  # pixels: the deepest networks halve it three times
_FEWEST_CLASSES = 2


class Network(Protocol):
    """A network written on the vocabulary: (interpreter, image, classes) -> logits."""

    def __call__(self, nn: Layers[Value], image: Value, classes: int, /) -> Value: ...


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named network."""

    name: str
    family: str  # densenet-bc | densenet | resnet | preresnet | wrn | googlenet
    depth: (
        int  # layers with weights on the longest path; for the wide residual networks, all convolutions: as published
    )
    growth_rate: int | None = None
    build: Network
    source: str


def check_request(variant: Variant, *, classes: int, image_size: int) -> None:
    """Raise :class:`InputError` unless the network can be built for so many classes and pixels."""
    if image_size < _SMALLEST_IMAGE:
        raise InputError(
            f"Images of {image_size}x{image_size} pixels are too small for {variant.name}: "
            f"give --image-size {_SMALLEST_IMAGE} or more."
        )
    if classes < _FEWEST_CLASSES:
        raise InputError(
            f"{variant.name} cannot classify into {classes} classes: give --classes {_FEWEST_CLASSES} or more."
        )
