"""What a network is to all that trains, counts and shows it: a name, where it comes from, and how it is built."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from densebench.errors import InputError
from densebench.models.layers import Layers, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

_FOREIGN = ("own", "keras")  # on the vocabulary, and as a model


class Network(Protocol):
    """A network written on the vocabulary: (interpreter, image, classes) -> logits."""

    def __call__(self, nn: Layers[Value], image: Value, classes: int, /) -> Value: ...


@dataclass(frozen=True, kw_only=True)
class _Described:
    """What is known of a named network."""

    name: str
    family: str  # densenet-bc | densenet | resnet | preresnet | wrn | googlenet | own | keras
    # as published: layers with weights on the longest path; of a wide residual network, all convolutions
    depth: int | None = None
    growth_rate: int | None = None
    source: str
    file: str | None = None  # absolute, of a network that was named by its file
    sha256: str | None = None  # of the code of a network that is not densebench's own

    @property
    def is_foreign(self) -> bool:
        """Whether it is not densebench's own: the user's, Keras's, or of another package."""
        return self.family in _FOREIGN


@dataclass(frozen=True, kw_only=True)
class Variant(_Described):
    """A named network on the vocabulary."""

    build: Network


@dataclass(frozen=True, kw_only=True)
class ModelVariant(_Described):
    """A named network that is known only as a ``keras.Model``; ``make`` gives it for (classes, image size)."""

    make: "Callable[[int, int], keras.Model]"


AnyVariant = Variant | ModelVariant


def refuse_fast(variant: AnyVariant) -> InputError:
    """The error for a ``keras.Model`` that is asked for in another implementation than its own."""
    return InputError(
        f"{variant.name} is a keras.Model, which has no fast implementation and cannot recompute: leave "
        "--implementation fast and --recompute out."
    )
