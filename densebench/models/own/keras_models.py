"""A network that is known only as a ``keras.Model``: built for a run, and refused if it cannot be trained as others."""

from collections.abc import Iterator
from typing import Any

import keras

from densebench.errors import InputError
from densebench.models.cost import Cost
from densebench.models.model_layers import find_last_activation, find_preparation
from densebench.models.seeds import seed_everything
from densebench.models.variant import ModelVariant


def build_model(variant: ModelVariant, *, classes: int, image_size: int, seed: int) -> keras.Model:
    """Model from float32 images (batch, height, width, 3), standardised, to float32 logits (batch, classes).

    Its initial weights are those that its own initializers draw from the seed, so they differ between backends. Raises
    :class:`InputError`.
    """
    seed_everything(seed)
    precision = keras.config.dtype_policy()
    model = variant.make(classes, image_size)
    keras.config.set_dtype_policy(precision)
    if not isinstance(model, keras.Model):
        raise InputError(
            f"{variant.name} returns an object of type {type(model).__name__} instead of a keras.Model: return one."
        )
    _check_ends(model, variant.name, classes, image_size)
    _check_training(model, variant.name)
    _check_precision(model, variant.name, precision.compute_dtype)
    if model.outputs[0].dtype == "float32":
        return model
    logits = keras.layers.Activation("linear", dtype="float32", name="float32_logits")(model.outputs[0])
    return keras.Model(model.inputs, logits, name=model.name)


def require_one_device(model: keras.Model, name: str) -> None:
    """Raise :class:`InputError` for a model that several devices would not train as one does."""
    state = [variable.path for variable in model.non_trainable_variables if "float" not in variable.dtype]
    nested = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    reason = None
    if state:
        reason = f"draws random numbers or counts ({state[0]}), which devices would do each for itself"
    elif nested and any(isinstance(layer, keras.layers.BatchNormalization) for layer in _list_layers(model)):
        reason = f"has models inside ({nested[0]}), whose batch normalisation devices cannot share"
    if reason is not None:
        raise InputError(f"{name} {reason}: give --devices 1.")


def describe_peculiarities(model: keras.Model, cost: Cost) -> list[str]:
    """What a reader of the figures must know, as warnings of a run."""
    preparation = find_preparation(model)
    found = []
    if preparation is not None:
        found.append(f"the network has a {preparation} inside, but its images were standardised before it too")
    if cost.uncounted:
        found.append(f"multiply-adds are not counted: they are unknown of {', '.join(cost.uncounted)}")
    return found


def _check_ends(model: keras.Model, name: str, classes: int, image_size: int) -> None:
    """Raise :class:`InputError` unless the model maps one image to its logits."""
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise InputError(
            f"{name} returns a model whose layers Keras cannot list: return a functional model, or a Sequential one "
            "that begins with keras.Input."
        )
    takes, gives = [[tuple(each.shape) for each in ends] for ends in (model.inputs, model.outputs)]
    image, logits = (None, image_size, image_size, 3), (None, classes)
    if takes != [image]:
        raise InputError(f"{name} returns a model that takes {_format(takes)} instead of images {_format([image])}.")
    if gives != [logits]:
        raise InputError(f"{name} returns a model that gives {_format(gives)} instead of logits {_format([logits])}.")
    activation = find_last_activation(model)
    if activation is not None:
        raise InputError(
            f"{name} returns a model that ends in {activation}, and what is trained are logits: leave the activation "
            "of its last layer out."
        )


def _check_training(model: keras.Model, name: str) -> None:
    """Raise :class:`InputError` for what the training steps would leave out in silence."""
    if not model.trainable_variables:
        raise InputError(f"{name} returns a model without a trainable variable: nothing of it can be trained.")
    active = [layer.name for layer in _list_layers(model) if getattr(layer, "activity_regularizer", None) is not None]
    if model.losses or active:
        where = f" ({active[0]})" if active else ""
        raise InputError(
            f"{name} returns a model with regularizers or losses of its own{where}, and what is trained is the loss of "
            "the recipe: leave them out, and give --weight-decay."
        )


def _check_precision(model: keras.Model, name: str, precision: str) -> None:
    """Raise :class:`InputError` for weights that are not in float32, and for layers not in the precision of the run.

    Layers in float32 may stand in any network.
    """
    others = {"float16", "bfloat16", "float64"}
    found = [
        *(f"weights in {one.dtype} ({one.path})" for one in model.variables if one.dtype in others),
        *(
            f"a layer that computes in {layer.compute_dtype} ({layer.name})"
            for layer in _list_layers(model)
            if layer.compute_dtype in others - {precision}
        ),
    ]
    if found:
        raise InputError(
            f"{name} returns a model with {found[0]}, and the run is in {precision}: leave dtypes out, and give "
            "--precision."
        )


def _list_layers(model: keras.Model) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _list_layers(layer)


def _format(shapes: list[tuple[int | None, ...]]) -> str:
    """``(batch, 32, 32, 3) and (batch, 10)``."""
    texts = [
        f"({', '.join([str(shape[0] or 'batch'), *(str(size or 'any') for size in shape[1:])])})" for shape in shapes
    ]
    return " and ".join(texts)
