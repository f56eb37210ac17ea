"""Compares the training step with the CPU's limit: ``python benchmarks/limit.py --output limit.csv``.

The limit is the rate of float32 matrix products of TensorFlow's ``matmul``, measured with the same number of threads in
a separate process right after each contender: for a large square product, and for the two products of a DenseNet-BC
bottleneck in the middle of the first block. A step has three times the multiply-adds of the forward pass: the backward
pass computes the gradients of the weights and of the inputs. Other work of a step (normalisation, ReLU, concatenation,
the update) is not counted, so it lowers the step's share of the limit.
"""

import json
import sys
from dataclasses import dataclass
from functools import partial

import paired
from sitting import CLASSES, SIDE, Measurement, find_tensorflow_wait, format_spread, growth_rate, time_repeatedly, write

from densebench.measuring.malloc import keep_large_buffers
from densebench.models.cost import count
from densebench.models.variants import find

LARGE = 2048
SECONDS = 2.0  # per product
Shape = tuple[int, int, int]  # rows, inner, columns


@dataclass(frozen=True, kw_only=True)
class Share:
    """A row of the CSV: rates in multiply-adds per second."""

    contender: str
    round: int
    variant: str
    batch_size: int
    threads: int
    forward_macs: int  # of one image
    step_seconds_median: float
    step_rate: float
    large_rate: float
    bottleneck_1x1_rate: float
    bottleneck_3x3_rate: float
    share_of_large: float
    share_of_1x1: float
    share_of_3x3: float
    load_average: float
    cpu: str | None
    framework: str


def list_shapes(variant: str, batch_size: int) -> list[Shape]:
    """A large product and the first block's bottleneck: 1x1 from 10 to 4 growth rates, 3x3 from 4 to 1."""
    growth, pixels = growth_rate(variant), batch_size * SIDE**2
    return [(LARGE, LARGE, LARGE), (pixels, 10 * growth, 4 * growth), (pixels, 9 * 4 * growth, growth)]


def measure_rates(wanted: list[Shape], threads: int) -> list[float]:
    """The median rate of each product over ``SECONDS``, after a warm-up."""
    keep_large_buffers()
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    random = np.random.default_rng(0)
    rates = []
    for rows, inner, columns in wanted:
        left = tf.constant(random.standard_normal((rows, inner), dtype=np.float32))
        right = tf.constant(random.standard_normal((inner, columns), dtype=np.float32))
        seconds = time_repeatedly(partial(tf.matmul, left, right), SECONDS, find_tensorflow_wait())
        rates.append(rows * inner * columns / float(np.median(seconds)))
    return rates


def measure_share(row: Measurement) -> Share:
    """Measure the limit right after a contender and compare them."""
    task = json.dumps([list_shapes(row.variant, row.batch_size), row.threads])
    large, small_1x1, small_3x3 = paired.run_python("the measurement of rates", __file__, "--rates", task)
    macs = count(find(row.variant), classes=CLASSES, image_size=SIDE).forward_macs
    rate = 3 * macs * row.batch_size / row.step_seconds_median
    return Share(
        contender=row.contender,
        round=row.round,
        variant=row.variant,
        batch_size=row.batch_size,
        threads=row.threads,
        forward_macs=macs,
        step_seconds_median=row.step_seconds_median,
        step_rate=round(rate),
        large_rate=round(large),
        bottleneck_1x1_rate=round(small_1x1),
        bottleneck_3x3_rate=round(small_3x3),
        share_of_large=round(rate / large, 4),
        share_of_1x1=round(rate / small_1x1, 4),
        share_of_3x3=round(rate / small_3x3, 4),
        load_average=row.load_average,
        cpu=row.cpu,
        framework=row.framework,
    )


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = paired.make_parser(__doc__, contenders="fast,plain", baseline="fast", rounds=5, warm_up=2, steps=5)
    given = parser.parse_args()
    rows: list[Share] = []
    for task in paired.list_settings(given):
        rows.append(measure_share(paired.run_child(task)))
        write(rows, given.output)
        print(describe(rows[-1]), flush=True)
    for name in given.contenders.split(","):
        own = [row for row in rows if row.contender == name]
        large = format_spread([row.share_of_large for row in own])
        small = format_spread([row.share_of_1x1 for row in own])
        print(f"\n{name}: {large} of the large product's rate, {small} of the 1x1 convolution's")


def describe(row: Share) -> str:
    """One line for a row."""
    rates = (row.large_rate, row.bottleneck_1x1_rate, row.bottleneck_3x3_rate, row.step_rate)
    large, small_1x1, small_3x3, step = (rate / 1e9 for rate in rates)
    return (
        f"round {row.round}  {row.contender:15}{row.step_seconds_median:8.3f} s per step: {step:6.1f} of {large:6.1f} "
        f"(large) {small_1x1:6.1f} (1x1) {small_3x3:6.1f} (3x3) GMAC/s  load {row.load_average:.1f}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--rates"]:
        print(json.dumps(measure_rates(*json.loads(sys.argv[2]))))
    else:
        main()
