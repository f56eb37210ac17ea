"""Measures kernels for the fast implementation on TensorFlow: ``python benchmarks/kernels.py --output k.csv``.

With the sizes of the first dense block of 100x12: a 3x3 convolution and its gradients by oneDNN and from one matrix of
patches; batch normalisation with multiples of 16 channels and with other numbers; a dense layer's backward pass through
a wide normalisation, at once and in chunks of the batch that stay in the cache. Measured on one thread and on
``--threads``, each in its own process: a kernel that is not faster on several threads waits for memory.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paired
from sitting import find_tensorflow_wait, time_repeatedly, write

from densebench.measuring.host import read_cpu_model
from densebench.measuring.malloc import keep_large_buffers

if TYPE_CHECKING:
    import tensorflow as tf

BATCH, SIDE, NARROW, GROWTH, WIDE = 64, 32, 48, 12, 112
EPSILON = 1e-5
Kernel = tuple[str, Callable[..., Any], "list[tf.Tensor]", int]  # name, function, inputs, multiply-adds


@dataclass(frozen=True, kw_only=True)
class Time:
    """A row of the CSV."""

    kernel: str
    threads: int
    milliseconds_median: float
    milliseconds_least: float
    repeats: int
    gigamacs_per_second: float | None
    cpu: str | None
    framework: str


def convolutions() -> Iterator[Kernel]:
    """The 3x3 convolution of a dense layer, 48 to 12 channels."""
    import tensorflow as tf
    from tensorflow import raw_ops as ops

    x, dy = tf.random.normal([BATCH, SIDE, SIDE, NARROW]), tf.random.normal([BATCH, SIDE, SIDE, GROWTH])
    kernel = tf.random.normal([3, 3, NARROW, GROWTH])
    macs = BATCH * SIDE**2 * 9 * NARROW * GROWTH
    strides = {"strides": [1, 1, 1, 1], "padding": "SAME"}

    def by_input(dy: "tf.Tensor") -> Any:
        return ops.Conv2DBackpropInput(input_sizes=x.shape, filter=kernel, out_backprop=dy, **strides)

    def by_filter(dy: "tf.Tensor") -> Any:
        return ops.Conv2DBackpropFilter(input=x, filter_sizes=kernel.shape, out_backprop=dy, **strides)

    def both_from_patches(dy: "tf.Tensor") -> Any:
        padded = tf.pad(dy, [[0, 0], [1, 1], [1, 1], [0, 0]])
        shifts = [(2 - row, 2 - column) for row in range(3) for column in range(3)]
        shifted = [padded[:, row : row + SIDE, column : column + SIDE] for row, column in shifts]
        patches = tf.reshape(tf.concat(shifted, -1), [-1, 9 * GROWTH])
        weights = tf.reshape(tf.transpose(kernel, [0, 1, 3, 2]), [9 * GROWTH, NARROW])
        return tf.matmul(patches, weights), tf.matmul(tf.reshape(x, [-1, NARROW]), patches, transpose_a=True)

    yield "3x3: forward, oneDNN", lambda x: ops.Conv2D(input=x, filter=kernel, **strides), [x], macs
    yield "3x3: gradient of the input, oneDNN", by_input, [dy], macs
    yield "3x3: gradient of the filter, oneDNN", by_filter, [dy], macs
    yield "3x3: both gradients, oneDNN", lambda dy: (by_input(dy), by_filter(dy)), [dy], 2 * macs
    yield "3x3: both gradients, from patches", both_from_patches, [dy], 2 * macs


def normalisations() -> Iterator[Kernel]:
    """Batch normalisation with ReLU, forward."""
    import tensorflow as tf
    from tensorflow import raw_ops as ops

    for channels in (NARROW, NARROW - 4, WIDE, WIDE - 4):
        empty, ones = tf.zeros([0]), tf.ones(channels)

        def normalise(x: "tf.Tensor", empty: Any = empty, ones: Any = ones) -> Any:
            y = ops.FusedBatchNormV3(x=x, scale=ones, offset=ones, mean=empty, variance=empty, is_training=True)[0]
            return ops.Relu(features=y)

        yield (
            f"batch normalisation, {channels} channels",
            normalise,
            [tf.random.normal([BATCH, SIDE, SIDE, channels])],
            0,
        )
    wide = [tf.random.normal([BATCH, SIDE, SIDE, WIDE]) for _ in range(2)]
    yield f"sum of two, {WIDE} channels", lambda x, y: ops.AddV2(x=x, y=y), wide, 0


def chunks() -> Iterator[Kernel]:
    """Gradients of a 1x1 convolution, ReLU and normalisation, of the whole batch or chunk by chunk."""
    import tensorflow as tf
    from tensorflow import raw_ops as ops

    x, active = (tf.random.normal([BATCH, SIDE, SIDE, WIDE]) for _ in range(2))
    dy, matrix = tf.random.normal([BATCH * SIDE**2, NARROW]), tf.random.normal([WIDE, NARROW])
    ones, empty = tf.ones(WIDE), tf.zeros([0])

    def backward(x: "tf.Tensor", active: "tf.Tensor", dy: "tf.Tensor") -> Any:
        dz = tf.reshape(tf.matmul(dy, matrix, transpose_b=True), [-1, SIDE, SIDE, WIDE])
        dx = ops.FusedBatchNormGradV3(
            y_backprop=ops.ReluGrad(gradients=dz, features=active),
            x=x,
            scale=ones,
            reserve_space_1=ones,
            reserve_space_2=ones,
            reserve_space_3=empty,
            epsilon=EPSILON,
            is_training=False,
        )
        return dx[0], tf.matmul(dy, tf.reshape(active, [-1, WIDE]), transpose_a=True)

    def chunked(count: int) -> Callable[..., Any]:
        def run_chunks(*whole: "tf.Tensor") -> Any:
            done: list[Any] = []
            for pieces in zip(*(tf.split(each, count) for each in whole), strict=True):
                with tf.control_dependencies(done[-1:]):
                    done.append(tf.tuple(backward(*(tf.identity(piece) for piece in pieces)))[0])
            return done

        return run_chunks

    macs = 2 * BATCH * SIDE**2 * WIDE * NARROW
    for count in (1, 4, 8, 16):
        yield f"a wide layer's backward pass, {count} chunk(s)", chunked(count), [x, active, dy], macs


def measure(threads: int, seconds: float) -> Iterator[Time]:
    """Measure every kernel for ``seconds``, each as its own graph."""
    keep_large_buffers()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.random.set_seed(0)
    for kernels in (convolutions, normalisations, chunks):
        for name, function, inputs, macs in kernels():
            graph = tf.function(function, autograph=False)
            times = time_repeatedly(partial(graph, *inputs), seconds, find_tensorflow_wait())
            median = statistics.median(times)
            yield Time(
                kernel=name,
                threads=threads,
                milliseconds_median=round(median * 1e3, 4),
                milliseconds_least=round(min(times) * 1e3, 4),
                repeats=len(times),
                gigamacs_per_second=round(macs / median / 1e9, 2) if macs else None,
                cpu=read_cpu_model(),
                framework=f"tensorflow {tf.__version__}",
            )


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each kernel; %(default)s")
    parser.add_argument("--output", type=Path, required=True, help="the CSV")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps([asdict(row) for row in measure(given.child, given.seconds)]))
        return
    rows: list[Time] = []
    for threads in dict.fromkeys((1, given.threads)):
        found = paired.run_python("the measurement of kernels", *sys.argv, "--child", str(threads))
        rows += [Time(**row) for row in found]
    write(rows, given.output)
    report(rows)


def report(rows: list[Time]) -> None:
    """Print the medians, one line per kernel."""
    threads = list(dict.fromkeys(row.threads for row in rows))
    print("".join([f"{'milliseconds on threads':44}", *(f"{count:10}" for count in threads)]))
    for kernel in dict.fromkeys(row.kernel for row in rows):
        print("".join([f"{kernel:44}", *(f"{row.milliseconds_median:10.2f}" for row in rows if row.kernel == kernel)]))


if __name__ == "__main__":
    main()
