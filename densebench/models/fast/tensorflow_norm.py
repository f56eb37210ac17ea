"""Batch normalisation of concatenations on TensorFlow, with the gradient.

What makes it fast on a CPU, by measurement (docs/performance.md):

- Statistics are taken once for each part of a concatenation. The gradient needs nothing new for that: with the batch's
  mean and variance given, the gradient of an ordinary batch normalisation is the whole gradient.
- oneDNN's batch normalisation is five times as fast if channels come in sixteens, so zeros fill a concatenation up.

What the operation keeps for its gradient depends on the device (its "reserve space 2"): the variance on a CPU, and
1 / sqrt(variance + epsilon) on a GPU, by cuDNN as by XLA. Hence the statistics are taken from another output, and
:meth:`Norms._convert_for_gradient` makes of a variance what the device expects, for which one small normalisation is
asked: one for each width would have oneDNN build a kernel for each, and the first step wait for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import tensorflow as tf
from tensorflow import raw_ops as ops

from densebench.models.fast.layers import LANES, Part
from densebench.models.fast.tape import Node, Tape
from densebench.models.layers import EPSILON


@dataclass(frozen=True, kw_only=True)
class _Normalisation:
    """One batch normalisation, its vectors as wide as the padded tensor it reads."""

    x: Node
    scale: tf.Tensor
    offset: tf.Tensor
    mean: tf.Tensor
    variance: tf.Tensor
    relu: bool

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        y = ops.FusedBatchNormV3(
            x=x,
            scale=self.scale,
            offset=self.offset,
            mean=self.mean,
            variance=self.variance,
            epsilon=EPSILON,
            is_training=False,
        )[0]
        return ops.Relu(features=y) if self.relu else y

    def recall(self, after: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([after]):
            return self.forward(tf.identity(self.x.recall(after)))


class Norms:
    """Normalisations and concatenations on one tape."""

    def __init__(self, tape: Tape, *, training: bool, recompute: bool, synchronized: bool) -> None:
        self._tape, self._training, self._recompute = tape, training, recompute
        self._synchronized = training and synchronized
        self._zeros: dict[tuple[int, ...], tf.Tensor] = {}
        self._shares: dict[tuple[int, ...], tf.Tensor] = {}
        self._keeps_inverse: tf.Tensor | None = None
        self._empty = tf.constant([], tf.float32)
        self._epsilon = tf.constant(EPSILON)
        self._no_reserve = tf.constant(0.0)  # a scalar: cuDNN's gradient is then the one that needs no third reserve

    def batch_norm(self, part: Part[Node], gamma: Node, beta: Node, relu: bool) -> Node:
        if self._synchronized and part.statistics is None:
            part.statistics = self.statistics(part.tensor)
        if part.statistics is not None:
            return self.moving_norm(part.tensor, gamma, beta, *part.statistics, relu)
        x = self._pad_to_lanes(part.tensor)
        scale, offset = self._widen(gamma.tensor, x.padding), self._widen(beta.tensor, x.padding)
        y, mean, variance = self._normalise_by_batch(x.tensor, scale, offset)
        part.statistics = _narrow_vector(mean, x), _narrow_vector(variance, x)
        norm = _Normalisation(x=x, scale=scale, offset=offset, mean=mean, variance=variance, relu=relu)
        return self._record(norm, ops.Relu(features=y) if relu else y, gamma, beta)

    def moving_norm(self, x: Node, gamma: Node, beta: Node, mean: Node, variance: Node, relu: bool) -> Node:
        x = self._pad_to_lanes(x)
        vectors = [self._widen(node.tensor, x.padding) for node in (gamma, beta, mean, variance)]
        norm = _Normalisation(x=x, scale=vectors[0], offset=vectors[1], mean=vectors[2], variance=vectors[3], relu=relu)
        return self._record(norm, norm.forward(x.tensor), gamma, beta)

    def _record(self, norm: _Normalisation, y: tf.Tensor, gamma: Node, beta: Node) -> Node:
        def backward(dy: tf.Tensor) -> None:
            if norm.relu:
                dy = ops.ReluGrad(gradients=dy, features=out.recall(dy))
            by_batch = self._training and not self._synchronized
            x = norm.x.recall(dy)
            dx, dgamma, dbeta, *_ = ops.FusedBatchNormGradV3(
                y_backprop=dy,
                x=x,
                scale=norm.scale,
                reserve_space_1=norm.mean,
                reserve_space_2=self._convert_for_gradient(norm.variance) if by_batch else norm.variance,
                reserve_space_3=self._no_reserve,
                epsilon=EPSILON,
                is_training=by_batch,
            )
            if self._synchronized:
                dx -= _find_share_of_statistics(norm, x, dgamma, dbeta)
            gamma.send(_narrow_vector(dgamma, norm.x).tensor)
            beta.send(_narrow_vector(dbeta, norm.x).tensor)
            norm.x.send(dx)

        out = Node(y, norm.x.channels, recompute=norm.recall if self._recompute else None)
        return self._tape.record(out, backward)

    def _pad_to_lanes(self, x: Node) -> Node:
        """With zeros after the channels until these come in sixteens."""
        padding = -x.channels % LANES
        return x if x.padding == padding else self._concat([x], padding)

    def remove_padding(self, x: Node) -> Node:
        """Without the zeros after the network's own channels."""
        return self._concat([x], 0) if x.padding else x

    def join(self, nodes: Sequence[Node]) -> Node:
        """The concatenation, in lanes if it is one of feature maps."""
        channels = sum(node.channels for node in nodes)
        return self._concat(nodes, -channels % LANES if nodes[0].tensor.shape.rank == 4 else 0)

    def _concat(self, nodes: Sequence[Node], padding: int) -> Node:
        sizes = [*(node.channels for node in nodes), *([padding] if padding else [])]
        axis = nodes[0].tensor.shape.rank - 1

        def concat(tensors: list[tf.Tensor]) -> tf.Tensor:
            narrow = [_narrow_tensor(tensor, node.channels) for tensor, node in zip(tensors, nodes, strict=True)]
            rest = [self._make_zeros(tensors[0], padding)] if padding else []
            return tf.concat([*narrow, *rest], axis)

        def recompute(after: tf.Tensor) -> tf.Tensor:
            with tf.control_dependencies([after]):
                return concat([node.recall(after) for node in nodes])

        def backward(dy: tf.Tensor) -> None:
            gradients = ops.SplitV(value=dy, size_splits=sizes, axis=axis, num_split=len(sizes))
            for node, gradient in zip(nodes, gradients, strict=False):
                node.send(tf.pad(gradient, [*[[0, 0]] * axis, [0, node.padding]]) if node.padding else gradient)

        out = Node(
            concat([node.tensor for node in nodes]),
            sum(sizes) - padding,
            recompute=recompute if self._recompute else None,
        )
        return self._tape.record(out, backward)

    def _make_zeros(self, x: tf.Tensor, channels: int) -> tf.Tensor:
        """Zeros of the batch, height and width of ``x``: the same ones for every concatenation of that size."""
        _, height, width, _ = x.shape
        key = (height, width, channels)
        if key not in self._zeros:
            with tf.control_dependencies(None):
                self._zeros[key] = tf.zeros([tf.shape(x)[0], height, width, channels], x.dtype)
        return self._zeros[key]

    def _widen(self, vector: tf.Tensor, padding: int) -> tf.Tensor:
        if not padding:
            return vector
        if (padding,) not in self._zeros:
            self._zeros[(padding,)] = tf.zeros(padding)
        return ops.ConcatV2(values=[vector, self._zeros[(padding,)]], axis=0)

    def statistics(self, node: Node) -> tuple[Node, Node]:
        """Mean and variance of each channel, over the batch of this device or of all."""
        mean, variance = self._take_statistics(node)
        if self._synchronized:
            of_all = _average(mean)
            mean, variance = of_all, _average(variance + tf.math.squared_difference(mean, of_all))
        return Node(mean), Node(variance)

    def _take_statistics(self, node: Node) -> tuple[tf.Tensor, tf.Tensor]:
        """Neighbouring pixels are folded into the channels until these come in sixteens."""
        x = _narrow_tensor(node.tensor, node.channels)
        _, height, width, channels = x.shape
        fold = LANES // gcd(LANES, channels)
        if width % fold:
            mean, variance = tf.nn.moments(tf.cast(x, tf.float32), [0, 1, 2])
            return mean, variance
        folded = tf.reshape(x, [-1, height, width // fold, fold * channels])
        zeros = self._widen(tf.zeros(0), fold * channels)
        _, means, variances = self._normalise_by_batch(folded, zeros, zeros)
        means, variances = tf.reshape(means, [fold, channels]), tf.reshape(variances, [fold, channels])
        mean = tf.reduce_mean(means, 0)
        return mean, tf.reduce_mean(variances + tf.math.squared_difference(means, mean), 0)

    def _normalise_by_batch(
        self, x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Normalised; mean; variance, which is Keras's: divided by n, not by n - 1 as the operation's own output."""
        y, mean, variance, *_ = self._normalise_in_training(x, scale, offset)
        # Of a single value cuDNN's variance is 0 / 0.
        return y, mean, tf.math.multiply_no_nan(variance, self._find_share(x))

    def _find_share(self, x: tf.Tensor) -> tf.Tensor:
        """(n - 1) / n for the n values of each channel of ``x``: once for all tensors of that height and width."""
        _, height, width, channels = x.shape
        if (height, width) not in self._shares:
            with tf.control_dependencies(None):
                count = tf.cast(tf.size(x) // channels, tf.float32)
                self._shares[height, width] = (count - 1) / count
        return self._shares[height, width]

    def _convert_for_gradient(self, variance: tf.Tensor) -> tf.Tensor:
        """What the operation's gradient takes for the variance of a batch, wherever the operation runs."""
        if self._keeps_inverse is None:
            self._keeps_inverse = self._find_what_is_kept(variance[0])
        return tf.where(self._keeps_inverse, tf.math.rsqrt(variance + self._epsilon), variance)

    def _find_what_is_kept(self, value: tf.Tensor) -> tf.Tensor:
        """Whether the operation keeps 1 / sqrt(variance + epsilon) for its gradient, rather than the variance.

        It is asked with a variance of 4 to 9, which depends on ``value``, so that TensorFlow's optimizer cannot compute
        the answer in advance, on a CPU.
        """
        deviation = 2 + tf.sigmoid(value)
        batch = tf.reshape(tf.stack([-deviation, deviation]), [2, 1, 1, 1])
        ones = tf.ones(1)
        return self._normalise_in_training(batch, ones, ones)[4][0] < 1

    def _normalise_in_training(self, x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> Sequence[tf.Tensor]:
        """Six outputs: normalised, mean, variance divided by n - 1, and three that are kept for the gradient."""
        outputs: Sequence[tf.Tensor] = ops.FusedBatchNormV3(
            x=x, scale=scale, offset=offset, mean=self._empty, variance=self._empty, epsilon=EPSILON, is_training=True
        )
        return outputs


def _average(vectors: tf.Tensor) -> tf.Tensor:
    """Over all devices, whose parts of a batch are of one size."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, vectors)


def _find_share_of_statistics(norm: _Normalisation, x: tf.Tensor, dgamma: tf.Tensor, dbeta: tf.Tensor) -> tf.Tensor:
    """What the gradient of a batch's statistics takes from that of ``x``: a normalisation of ``x`` in its turn.

    scale / deviation * (mean(dy) + normalised x * mean(dy * normalised x)), the means over the batch of all devices.
    """
    count = tf.cast(tf.size(x) // x.shape[-1], tf.float32)
    slope = norm.scale * tf.math.rsqrt(norm.variance + EPSILON)
    means = slope * _average(tf.stack([dgamma, dbeta]) / count)
    share: tf.Tensor = ops.FusedBatchNormV3(
        x=x,
        scale=means[0],
        offset=means[1],
        mean=norm.mean,
        variance=norm.variance,
        epsilon=EPSILON,
        is_training=False,
    )[0]
    return share


def _narrow_tensor(tensor: tf.Tensor, channels: int) -> tf.Tensor:
    return tensor if tensor.shape[-1] == channels else tensor[..., :channels]


def _narrow_vector(vector: tf.Tensor, x: Node) -> Node:
    """One value for each of the network's own channels."""
    return Node(vector[: x.channels] if x.padding else vector)
