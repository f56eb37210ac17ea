"""What a ``keras.Model`` costs, counted from its layers as they are called."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from densebench.models.cost import Cost, LayerCost, Shape

# Layers of Keras, and operations on its tensors, that are neither convolutions nor dense.
_WITHOUT_MACS = frozenset((
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Dropout", "SpatialDropout2D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "StochasticDepth", "LayerScale", "BatchNormalization", "LayerNormalization",
    "GroupNormalization", "RMSNormalization", "UnitNormalization", "Normalization", "Rescaling", "ZeroPadding2D",
    "Cropping2D", "UpSampling2D", "Flatten", "Reshape", "Permute", "Identity", "MaxPooling2D", "AveragePooling2D",
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
    "Concatenate",
    "Divide", "TrueDivide", "Negative", "Absolute", "Square", "Sqrt", "Exp", "Log", "Relu", "Relu6", "Silu", "Sigmoid",
    "HardSigmoid", "HardSilu", "Gelu", "Tanh", "Mean", "Max", "Min", "Sum", "Squeeze", "ExpandDims", "Transpose", "Pad",
    "GetItem", "Cast", "CustomScaleLayer",
))  # fmt: skip


def count_model(model: keras.Model) -> Cost:
    """Its layers in the order of their calls; a layer that is called again has its parameters only once.

    Multiply-adds are ``None`` of a layer of which they are unknown.
    """
    counted: set[int] = set()
    return Cost(
        layers=tuple(_count(operation, takes, gives, counted) for operation, takes, gives in _list_calls(model))
    )


def _list_calls(model: Any, given: Sequence[Any] | None = None) -> Iterator[tuple[Any, Shape, Shape]]:
    """(layer or operation, shape that it takes, shape that it gives) of every call, those of models inside included.

    A model inside was defined for images of some size, or of any, and may be called with others: ``given`` are the
    tensors of this call.
    """
    graph = getattr(model, "_functional", model)  # of a Sequential one
    known = dict(zip(map(id, graph.inputs), graph.inputs if given is None else given, strict=True))
    by_depth = graph._nodes_by_depth
    for node in [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]:
        if node.is_input:
            continue
        takes, gives = [known[id(tensor)] for tensor in node.input_tensors], node.outputs
        if given is not None:
            args, options = node.arguments.fill_in(known)
            gives = keras.tree.flatten(node.operation.compute_output_spec(*args, **options))
        known |= zip(map(id, node.outputs), gives, strict=True)
        if hasattr(getattr(node.operation, "_functional", node.operation), "_nodes_by_depth"):
            yield from _list_calls(node.operation, takes)
        else:
            yield node.operation, _find_shape(takes), _find_shape(gives)


def _find_shape(tensors: Any) -> Shape:
    """Of the first, without the batch; a size that is not known is 1."""
    return tuple(size or 1 for size in tensors[0].shape[1:]) if tensors else ()


def _count(operation: Any, takes: Shape, gives: Shape, counted: set[int]) -> LayerCost:
    kind = type(operation).__name__
    is_new = id(operation) not in counted
    counted.add(id(operation))
    weights = operation.weights if is_new and isinstance(operation, keras.Layer) else []
    trainable = sum(math.prod(weight.shape) for weight in weights if weight.trainable)
    params = sum(math.prod(weight.shape) for weight in weights)
    return LayerCost(
        name=operation.name,
        kind=kind,
        output_shape=gives,
        params=params,
        non_trainable_params=params - trainable,
        macs=_count_macs(operation, takes, gives),
    )


def _count_macs(operation: Any, takes: Shape, gives: Shape) -> int | None:
    if not type(operation).__module__.startswith("keras."):  # a class of the user's may do anything
        return None
    count = _MACS.get(type(operation).__name__)
    if count is not None:
        return count(operation, takes, gives)
    return 0 if type(operation).__name__ in _WITHOUT_MACS else None


def _at_each_output(*kernels: str) -> Callable[[Any, Shape, Shape], int]:
    """Every weight of the kernels once for each position of the output, which is (..., channels)."""

    def count(layer: Any, takes: Shape, gives: Shape) -> int:
        weights: int = sum(math.prod(getattr(layer, kernel).shape) for kernel in kernels)
        return weights * math.prod(gives[:-1])

    return count


def _at_each_input(layer: Any, takes: Shape, gives: Shape) -> int:
    weights: int = math.prod(layer.kernel.shape)
    return weights * math.prod(takes[:-1])


_MACS: dict[str, Callable[[Any, Shape, Shape], int]] = {
    "Conv2D": _at_each_output("kernel"),
    "DepthwiseConv2D": _at_each_output("kernel"),
    "SeparableConv2D": _at_each_output("depthwise_kernel", "pointwise_kernel"),
    "Conv2DTranspose": _at_each_input,
    "Dense": _at_each_output("kernel"),
}
