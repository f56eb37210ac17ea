"""A tape for TensorFlow: reverse-mode differentiation in which every operation decides what it keeps.

TensorFlow's own tape would work too. With this one an operation can recompute a value instead of keeping it, gradients
are summed as soon as they are needed, and tracing costs only the operations themselves.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

Recompute = Callable[[tf.Tensor], tf.Tensor]
Backward = Callable[[tf.Tensor], None]


class Node:
    """A tensor of the forward pass, and what later operations sent back to it.

    Its tensor may have more channels than the network knows of: zeros after the others.
    """

    def __init__(self, tensor: tf.Tensor, channels: int | None = None, *, recompute: Recompute | None = None) -> None:
        self.tensor = tensor
        self.channels = tensor.shape[-1] if channels is None else channels
        self._recompute = recompute
        self._recomputed: tf.Tensor | None = None
        self._received: list[tf.Tensor] = []
        self._pieces: tuple[int, list[Node]] = 0, []

    @property
    def padding(self) -> int:
        """Channels of zeros after the network's own."""
        return int(self.tensor.shape[-1]) - self.channels

    def recall(self, after: tf.Tensor) -> tf.Tensor:
        """The tensor for use in the backward pass: kept, or computed again once ``after`` is there."""
        if self._recompute is None:
            return self.tensor
        if self._recomputed is None:
            self._recomputed = self._recompute(after)
        return self._recomputed

    def send(self, gradient: tf.Tensor) -> None:
        """Add a gradient of the loss with respect to the tensor: of float32 for a variable, in any precision."""
        self._received.append(tf.cast(gradient, self.tensor.dtype))

    def split(self, sizes: Sequence[int], axis: int) -> "list[Node]":
        """In pieces, each a node; the gradient is then theirs."""
        tensors = tf.raw_ops.SplitV(value=self.tensor, size_splits=list(sizes), axis=axis, num_split=len(sizes))
        self._pieces = axis, [Node(tensor) for tensor in tensors]
        return self._pieces[1]

    def gradient(self) -> tf.Tensor | None:
        """Sum of what was sent; ``None`` if the loss does not depend on the tensor."""
        axis, pieces = self._pieces
        gradients = [gradient for piece in pieces if (gradient := piece.gradient()) is not None]
        if gradients:
            return tf.raw_ops.ConcatV2(values=gradients, axis=axis)
        if len(self._received) > 1:
            self._received = [tf.raw_ops.AddN(inputs=self._received)]
        return self._received[0] if self._received else None


class Tape:
    """The operations in order of call."""

    def __init__(self) -> None:
        self._operations: list[tuple[Node, Backward]] = []

    def record(self, output: Node, backward: Backward) -> Node:
        """Note an operation: ``backward`` is given its output's gradient and sends on those of its inputs."""
        self._operations.append((output, backward))
        return output

    def backward(self) -> None:
        """Send the gradients back, from the last operation to the first; each is forgotten once it was used."""
        while self._operations:
            output, operation = self._operations.pop()
            gradient = output.gradient()
            if gradient is not None:
                operation(gradient)
