"""Whether the counted network and the built one are the same: the table of ``summary`` against Keras itself."""

import dataclasses
import math
from typing import TYPE_CHECKING

from densebench.models.cost import Cost, LayerCost, count
from densebench.models.variant import AnyVariant, ModelVariant, Variant

if TYPE_CHECKING:
    import keras


def find_disagreements(variant: AnyVariant, *, classes: int, image_size: int) -> list[str]:
    """One sentence for every figure that differs between what is counted and the ``keras.Model``: none if all agree.

    It imports keras, on the backend that is chosen by then. Raises :class:`InputError` for a request that the network
    cannot serve.
    """
    if isinstance(variant, ModelVariant):
        from densebench.models.own.keras_models import build_model
        from densebench.models.own.model_counts import count_model

        model = build_model(variant, classes=classes, image_size=image_size, seed=0)
        return _compare_totals(variant, count_model(model), model)
    return _compare_layers(variant, classes, image_size)


def _compare_layers(variant: Variant, classes: int, image_size: int) -> list[str]:
    """The totals, and every layer that ``CostLayers`` counts."""
    from densebench.models.keras_layers import build_plain

    cost = count(variant, classes=classes, image_size=image_size)
    model = build_plain(variant, classes=classes, image_size=image_size, weight_decay=0.0, seed=0)
    return _compare_totals(variant, cost, model) + [
        f"{variant.name}: {counted.name} is {counted} counted and {built} built."
        for counted in cost.layers
        if counted != (built := _read_built(model, counted))
    ]


def _compare_totals(variant: AnyVariant, cost: Cost, model: "keras.Model") -> list[str]:
    trainable = _count_elements(model.trainable_variables)
    totals = (
        ("params", cost.params, model.count_params()),
        ("trainable_params", cost.trainable_params, trainable),
        ("non_trainable_params", cost.non_trainable_params, model.count_params() - trainable),
    )
    return [
        f"{variant.name}: {figure} is {counted} counted and {built} built."
        for figure, counted, built in totals
        if counted != built
    ]


def _read_built(model: "keras.Model", counted: LayerCost) -> LayerCost | None:
    """The figures of the Keras layer of the same name, read off its variables and its output."""
    layer = next((layer for layer in model.layers if layer.name == counted.name), None)
    if layer is None:
        return None
    shape = tuple(layer.output.shape[1:])
    kernel = getattr(layer, "kernel", None)
    return dataclasses.replace(
        counted,
        output_shape=shape,
        params=layer.count_params(),
        non_trainable_params=_count_elements(layer.non_trainable_variables),
        macs=0 if kernel is None else math.prod(kernel.shape) * math.prod(shape[:-1]),
    )


def _count_elements(variables: "list[keras.Variable]") -> int:
    return sum(math.prod(variable.shape) for variable in variables)
