"""The training step's share of the machine's limit on a CPU: ``python benchmarks/limit.py --output limit.csv``.

The limit is the rate of float32 matrix products, measured by TensorFlow's ``matmul`` on as many threads in a process
of its own just after every contender's: of a large square product, and of the two products that a DenseNet-BC's
bottleneck is made of at its middle. A step is taken to be three times the forward pass's multiply-adds: the backward
pass computes as much for the weights and once more for the inputs. What a step does beside its products (normalising,
ReLU, concatenating, the update) counts as nothing, so that its share shows how much of the time that is.
"""

import json
import sys
from dataclasses import dataclass
from functools import partial

import paired
from sitting import CLASSES, SIDE, Measurement, growth_rate, repeated, spread, write

from densebench.measuring.malloc import keep_large_buffers
from densebench.models.cost import count
from densebench.models.variants import find

LARGE = 2048
SECONDS = 2.0  # for each product
Shape = tuple[int, int, int]  # rows, inner, columns


@dataclass(frozen=True, kw_only=True)
class Share:
    """A row of the CSV: rates in multiply-adds a second."""

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


def shapes(variant: str, batch_size: int) -> list[Shape]:
    """A large product, and the first block's bottleneck: 1x1 from 10 growth rates to 4, 3x3 from 4 to one."""
    growth, pixels = growth_rate(variant), batch_size * SIDE**2
    return [(LARGE, LARGE, LARGE), (pixels, 10 * growth, 4 * growth), (pixels, 9 * 4 * growth, growth)]


def measure_rates(wanted: list[Shape], threads: int) -> list[float]:
    """The median of each product's rate over two seconds, after a few to warm up."""
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
        seconds = repeated(partial(tf.matmul, left, right), SECONDS)
        rates.append(rows * inner * columns / float(np.median(seconds)))
    return rates


def share(row: Measurement) -> Share:
    """A contender's row beside the rates of the moment."""
    task = json.dumps([shapes(row.variant, row.batch_size), row.threads])
    large, small_1x1, small_3x3 = paired.answer("the measurement of rates", __file__, "--rates", task)
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
    """Measure, print and write."""
    parser = paired.parser(__doc__, contenders="fast,plain", baseline="fast", rounds=5, warm_up=2, steps=5)
    given = parser.parse_args()
    rows: list[Share] = []
    for task in paired.settings(given):
        rows.append(share(paired.run_child(task)))
        write(rows, given.output)
        print(describe(rows[-1]), flush=True)
    for name in given.contenders.split(","):
        own = [row for row in rows if row.contender == name]
        large, small = spread([row.share_of_large for row in own]), spread([row.share_of_1x1 for row in own])
        print(f"\n{name}: {large} of the large product's rate, {small} of the 1x1 convolution's")


def describe(row: Share) -> str:
    """A row in a line."""
    rates = (row.large_rate, row.bottleneck_1x1_rate, row.bottleneck_3x3_rate, row.step_rate)
    large, small_1x1, small_3x3, step = (rate / 1e9 for rate in rates)
    return (
        f"round {row.round}  {row.contender:15}{row.step_seconds_median:8.3f} s a step: {step:6.1f} of {large:6.1f} "
        f"(large) {small_1x1:6.1f} (1x1) {small_3x3:6.1f} (3x3) GMAC/s  load {row.load_average:.1f}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--rates"]:
        print(json.dumps(measure_rates(*json.loads(sys.argv[2]))))
    else:
        main()
