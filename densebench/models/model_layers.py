"""What a Keras model's layers say of its answers and of the images that it takes."""

from collections.abc import Iterator
from typing import Any

import keras

from densebench.errors import InputError

_PREPARING = ("Rescaling", "Normalization")
_ARITHMETIC = ("TrueDivide", "Divide", "Multiply", "Subtract")  # x / 255 on a Keras tensor
_ACTIVATIONS = ("Softmax", "Sigmoid", "ReLU", "LeakyReLU", "PReLU", "ELU")  # layers of their own
# that pass on the values they get
_PASSING = ("Dropout", "Reshape", "Flatten", "Identity", "Cast")


def refuse_sigmoid(model: keras.Model) -> None:
    """Raise :class:`InputError` for a classifier whose end says of each class alone how probable it is."""
    if find_last_activation(model) == "sigmoid":
        raise InputError(
            f"The model {model.name!r} ends in a sigmoid for each class, and such answers have no cross-entropy over "
            "classes: give one that ends in softmax or in logits."
        )


def find_preparation(model: keras.Model) -> str | None:
    """The name of a layer before the first weights that prepares images itself; ``None`` if there is none."""
    for operation in _iterate_operations(model):
        kind = type(operation).__name__
        if kind in _PREPARING:
            return kind
        if kind in _ARITHMETIC and not getattr(operation, "weights", None):
            return f"{kind} operation"
        if getattr(operation, "weights", None):
            return None
    return None


def _iterate_operations(model: Any) -> Iterator[Any]:
    """Layers and operations in the order in which they are applied, those of models inside included."""
    operations = model.layers if isinstance(model, keras.Sequential) else getattr(model, "operations", model.layers)
    for operation in operations:
        if isinstance(operation, keras.Model):
            yield from _iterate_operations(operation)
        else:
            yield operation


def find_last_activation(model: Any) -> str | None:
    """Name of the activation that a model ends in; ``None`` if it is none or linear."""
    outputs = getattr(model, "outputs", None)
    return _find_activation_of(outputs[0]) if outputs else None


def _find_activation_of(tensor: Any) -> str | None:
    """Name of the activation that a symbolic tensor comes from; ``None`` if it is none or linear."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    operation, node, _ = history
    if isinstance(operation, keras.Model):
        return find_last_activation(operation)
    kind = type(operation).__name__
    name = getattr(getattr(operation, "activation", None), "__name__", None)
    if kind in _ACTIVATIONS:
        return kind.lower()
    if name is not None and name != "linear":
        return str(name)
    if kind in _PASSING or (kind == "Activation" and name == "linear"):
        return _find_activation_of(operation._inbound_nodes[node].input_tensors[0])
    return None
