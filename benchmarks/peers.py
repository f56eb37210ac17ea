"""Compares densebench's steps with alternatives: ``python benchmarks/peers.py --output peers.csv``.

``script``              the blog series' script: a functional Keras model with L2 losses, trained by ``fit``
``plain``, ``fast``     densebench's implementations on TensorFlow; ``fast-recompute``
``torch-eager``         a DenseNet-BC in plain PyTorch, channels last
``torch-eager-malloc``  the same, with large buffers kept as in densebench
``torch-compile``       the same, compiled; ``torch-compile-reduce``: with CUDA graphs on a GPU
``jax-hand``            a DenseNet-BC in plain JAX, one compiled step

All train the same network (the number of parameters is checked) on the same random images in memory.
"""

from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, format_spread, split_contender


def main() -> None:
    """Parse the options, measure, print and write the results."""
    contenders = "script,plain,fast,torch-eager,torch-eager-malloc"
    parser = paired.make_parser(__doc__, contenders=contenders, baseline="script", rounds=5, warm_up=2, steps=5)
    given = parser.parse_args()
    rows = paired.run_all(paired.list_settings(given), given.output)
    paired.report(rows, given.baseline)
    for fast in given.contenders.split(","):
        if split_contender(fast)[0] == "fast":
            report_fast(rows, fast)


def report_fast(rows: Sequence[Measurement], fast: str) -> None:
    """Print the speedup of ``fast``, in one precision, over each of the others."""
    print(f"\nspeedup of {fast} over the contender, per round (minimum to maximum)")
    for name, _ in by_contender(rows):
        if name != fast:
            faster = paired.ratios(rows, name, fast, lambda row: row.step_seconds_median)
            cheaper = paired.ratios(rows, name, fast, lambda row: row.step_cpu_seconds_median)
            print(f"{name:36}x {format_spread(faster)}, by CPU time x {format_spread(cheaper)}")


if __name__ == "__main__":
    main()
