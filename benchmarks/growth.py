"""Measures how costs grow with the network and the batch size: ``python benchmarks/growth.py --output growth.csv``.

Depth 40 to 250 at growth rate 12, growth rate 12 to 36 at depth 40, and batch sizes 16 to 128 on 40x12. Prints seconds
per step, seconds until the end of the first step and the memory of the steps, each with the exponent of a power law
fitted to the points (least squares of the logarithms). ``--contenders plain`` needs far more memory: use a smaller
``--batch-size`` at depth 250.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import paired
from sitting import Measurement, by_contender

Case = tuple[str, int]  # variant, batch size
DEPTHS, GROWTH_RATES, BATCH_SIZES = (40, 100, 160, 250), (12, 24, 36), (16, 32, 64, 128)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The parameter that grows, and the case for each of its values."""

    name: str
    cases: dict[int, Case]


FIGURES: tuple[tuple[str, Callable[[Measurement], float]], ...] = (
    ("seconds per step", lambda row: row.step_seconds_median),
    ("CPU seconds per step", lambda row: row.step_cpu_seconds_median),
    ("seconds of first step", lambda row: row.first_step_seconds),
    ("graph nodes", lambda row: row.graph_nodes or 0),
    ("GiB of the steps", lambda row: (paired.subtract_base(row.peak_bytes, row.base_bytes) or 0) / 2**30),
)


def axes(batch_size: int) -> list[Axis]:
    """Depth and growth rate at ``batch_size``; the batch at 40x12."""
    return [
        Axis(name="depth", cases={depth: (f"{depth}x12", batch_size) for depth in DEPTHS}),
        Axis(name="growth rate", cases={rate: (f"40x{rate}", batch_size) for rate in GROWTH_RATES}),
        Axis(name="batch size", cases={size: ("40x12", size) for size in BATCH_SIZES}),
    ]


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = paired.make_parser(__doc__, contenders="fast", baseline="fast", rounds=1, warm_up=1, steps=3)
    parser.add_argument("--axes", default="depth,growth rate,batch size", help="%(default)s")
    given = parser.parse_args()
    chosen = [axis for axis in axes(given.batch_size) if axis.name in given.axes.split(",")]
    cases = list(dict.fromkeys(case for axis in chosen for case in axis.cases.values()))
    rows = paired.run_all(paired.list_settings(given, cases), given.output)
    for name, own in by_contender(rows):
        for axis in chosen:
            report(name, axis, own)


def report(contender: str, axis: Axis, rows: Sequence[Measurement]) -> None:
    """Print the figures along one axis, medians over the rounds, with their exponents."""
    print(f"\n{contender}: {axis.name} {', '.join(str(value) for value in axis.cases)}")
    for title, figure in FIGURES:
        points = [
            statistics.median(figure(row) for row in rows if (row.variant, row.batch_size) == case)
            for case in axis.cases.values()
        ]
        shown = "".join(f"{point:10.3f}" for point in points)
        print(f"{title:22}{shown}   exponent {fit_exponent(list(axis.cases), points)}")


def fit_exponent(values: Sequence[int], figures: Sequence[float]) -> str:
    """The slope of the logarithms; unknown if a figure is not positive."""
    if min(figures) <= 0:
        return "unknown: a figure is 0"
    return f"{np.polyfit(np.log(values), np.log(figures), 1)[0]:.2f}"


if __name__ == "__main__":
    main()
