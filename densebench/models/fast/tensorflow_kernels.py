"""Kernels for TensorFlow, each with its gradient."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow import raw_ops as ops

from densebench.models.fast.layers import Interpret, Part
from densebench.models.fast.tape import Node, Tape
from densebench.models.fast.tensorflow_norm import Norms


def run(
    interpret: Interpret[Node],
    image: tf.Tensor,
    groups: Sequence[tuple[Any, ...]],
    *,
    training: bool,
    recompute: bool,
    synchronized: bool,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Logits and batch statistics, differentiable with respect to the image and the variables.

    ``synchronized``: the statistics are those of the batch of all replicas.
    """
    sizes = [len(group) for group in groups]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def network(image: tf.Tensor, *values: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., list[tf.Tensor | None]]]:
        tape = Tape()
        pixels = Node(image)
        nodes = [Node(value) for value in values]
        logits, statistics = interpret(
            _TensorFlowKernels(tape, Norms(tape, training=training, recompute=recompute, synchronized=synchronized)),
            pixels,
            _group(nodes, sizes),
            training,
        )

        def backward(gradient: tf.Tensor, *_: tf.Tensor) -> list[tf.Tensor | None]:
            logits.send(gradient)
            tape.backward()
            return [node.gradient() for node in (pixels, *nodes)]

        return [logits.tensor, *(node.tensor for node in statistics)], backward

    logits, *statistics = network(image, *(tf.convert_to_tensor(value) for group in groups for value in group))
    return logits, statistics


def _group(nodes: list[Node], sizes: list[int]) -> list[tuple[Node, ...]]:
    rest = iter(nodes)
    return [tuple(next(rest) for _ in range(size)) for size in sizes]


class _TensorFlowKernels:
    """Operations on the nodes of a tape."""

    def __init__(self, tape: Tape, norms: Norms) -> None:
        self._tape, self._norms = tape, norms

    def conv(self, x: Node, kernel: Node, bias: Node | None, stride: int) -> Node:
        y = (
            self._project(x, kernel)
            if kernel.tensor.shape[0] == 1 and stride == 1
            else self._convolve(x, kernel, stride)
        )
        return y if bias is None else self._add_bias(y, bias)

    def _project(self, x: Node, kernel: Node) -> Node:
        """A 1x1 convolution as a matrix product."""
        filters = kernel.tensor.shape[-1]
        matrix = _pad(kernel.tensor, x)[0, 0]
        y = tf.matmul(_flatten(x.tensor), matrix)
        shape = x.tensor.shape

        def backward(dy: tf.Tensor) -> None:
            rows = _flatten(dy)
            transposed = tf.matmul(rows, _flatten(x.recall(dy)), transpose_a=True)  # faster than the other way round
            kernel.send(tf.transpose(transposed)[tf.newaxis, tf.newaxis, : x.channels])
            x.send(tf.reshape(tf.matmul(rows, matrix, transpose_b=True), [-1, *shape[1:]]))

        return self._tape.record(Node(tf.reshape(y, [-1, *shape[1:3], filters])), backward)

    def _convolve(self, x: Node, kernel: Node, stride: int) -> Node:
        weights = _pad(kernel.tensor, x)
        strides = [1, stride, stride, 1]
        y = ops.Conv2D(input=x.tensor, filter=weights, strides=strides, padding="SAME")
        shape = tf.shape(x.tensor)

        def backward(dy: tf.Tensor) -> None:
            dw = ops.Conv2DBackpropFilter(
                input=x.recall(dy), filter_sizes=weights.shape, out_backprop=dy, strides=strides, padding="SAME"
            )
            kernel.send(dw[:, :, : x.channels])
            x.send(
                ops.Conv2DBackpropInput(
                    input_sizes=shape, filter=weights, out_backprop=dy, strides=strides, padding="SAME"
                )
            )

        return self._tape.record(Node(y), backward)

    def _add_bias(self, x: Node, bias: Node) -> Node:
        def backward(dy: tf.Tensor) -> None:
            x.send(dy)
            bias.send(ops.BiasAddGrad(out_backprop=dy))

        return self._tape.record(Node(ops.BiasAdd(value=x.tensor, bias=tf.cast(bias.tensor, x.tensor.dtype))), backward)

    def batch_norm(self, part: Part[Node], gamma: Node, beta: Node, relu: bool) -> Node:
        return self._norms.batch_norm(part, gamma, beta, relu)

    def moving_norm(self, x: Node, gamma: Node, beta: Node, mean: Node, variance: Node, relu: bool) -> Node:
        return self._norms.moving_norm(x, gamma, beta, mean, variance, relu)

    def statistics(self, x: Node) -> tuple[Node, Node]:
        return self._norms.statistics(x)

    def join(self, tensors: Sequence[Node]) -> Node:
        return self._norms.join(tensors)

    def split(self, variable: Node, sizes: Sequence[int], axis: int) -> Sequence[Node]:
        return variable.split(sizes, axis)

    def relu(self, x: Node) -> Node:
        y = ops.Relu(features=x.tensor)
        return self._tape.record(Node(y, x.channels), lambda dy: x.send(ops.ReluGrad(gradients=dy, features=y)))

    def add(self, x: Node, y: Node) -> Node:
        x, y = self._norms.remove_padding(x), self._norms.remove_padding(y)

        def backward(dy: tf.Tensor) -> None:
            x.send(dy)
            y.send(dy)

        return self._tape.record(Node(ops.AddV2(x=x.tensor, y=y.tensor)), backward)

    def pad_channels(self, x: Node, before: int, behind: int, stride: int) -> Node:
        x = self._norms.remove_padding(x)
        y = tf.pad(x.tensor[:, ::stride, ::stride], [[0, 0], [0, 0], [0, 0], [before, behind]])
        shape = tf.shape(x.tensor)

        def backward(dy: tf.Tensor) -> None:
            x.send(
                ops.StridedSliceGrad(
                    shape=shape,
                    begin=[0, 0, 0],
                    end=[0, 0, 0],
                    strides=[1, stride, stride],
                    dy=dy[..., before : before + x.channels],
                    begin_mask=7,
                    end_mask=7,
                )
            )

        return self._tape.record(Node(y), backward)

    def average_pool(self, x: Node, size: int) -> Node:
        window = [1, size, size, 1]
        shape = tf.shape(x.tensor)
        y = Node(ops.AvgPool(value=x.tensor, ksize=window, strides=window, padding="VALID"), x.channels)

        def backward(dy: tf.Tensor) -> None:
            x.send(ops.AvgPoolGrad(orig_input_shape=shape, grad=dy, ksize=window, strides=window, padding="VALID"))

        return self._tape.record(y, backward)

    def max_pool(self, x: Node, size: int, stride: int) -> Node:
        window, strides = [1, size, size, 1], [1, stride, stride, 1]
        y = ops.MaxPool(input=x.tensor, ksize=window, strides=strides, padding="SAME")

        def backward(dy: tf.Tensor) -> None:
            x.send(
                ops.MaxPoolGrad(
                    orig_input=x.tensor, orig_output=y, grad=dy, ksize=window, strides=strides, padding="SAME"
                )
            )

        return self._tape.record(Node(y, x.channels), backward)

    def global_average_pool(self, x: Node) -> Node:
        shape = tf.shape(x.tensor)
        pixels = x.tensor.shape[1] * x.tensor.shape[2]

        def backward(dy: tf.Tensor) -> None:
            x.send(tf.broadcast_to((dy / pixels)[:, tf.newaxis, tf.newaxis], shape))

        return self._tape.record(Node(tf.reduce_mean(x.tensor, [1, 2]), x.channels), backward)

    def dense(self, x: Node, kernel: Node, bias: Node) -> Node:
        rows = tf.cast(x.tensor[:, : x.channels], tf.float32)

        def backward(dy: tf.Tensor) -> None:
            kernel.send(tf.matmul(rows, dy, transpose_a=True))
            bias.send(tf.reduce_sum(dy, 0))
            dx = tf.cast(tf.matmul(dy, kernel.tensor, transpose_b=True), x.tensor.dtype)
            x.send(tf.pad(dx, [[0, 0], [0, x.padding]]))

        return self._tape.record(Node(tf.matmul(rows, kernel.tensor) + bias.tensor), backward)


def _flatten(x: tf.Tensor) -> tf.Tensor:
    return tf.reshape(x, [-1, x.shape[-1]])


def _pad(kernel: tf.Tensor, x: Node) -> tf.Tensor:
    """The kernel in the dtype of its input, with rows of zeros for the input's channels of zeros."""
    kernel = tf.cast(kernel, x.tensor.dtype)
    return tf.pad(kernel, [[0, 0], [0, 0], [0, x.padding], [0, 0]]) if x.padding else kernel
