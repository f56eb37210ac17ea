"""densebench's steps against what would be run instead: ``python benchmarks/peers.py --output peers.csv``.

``script``              the blog series' script: Keras's functional model with L2 losses, and ``fit``
``plain``, ``fast``     densebench's implementations on TensorFlow; ``fast-recompute``
``torch-eager``         a DenseNet-BC in plain PyTorch, channels last
``torch-eager-malloc``  the same, with large buffers kept as densebench keeps them
``torch-compile``       the same, compiled

All train the same network (the number of parameters is checked) on the same random images from memory.
"""

from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, spread


def main() -> None:
    """Measure, print and write."""
    contenders = "script,plain,fast,torch-eager,torch-eager-malloc"
    parser = paired.parser(__doc__, contenders=contenders, baseline="script", rounds=5, warm_up=2, steps=5)
    given = parser.parse_args()
    rows = paired.sit(paired.settings(given), given.output)
    paired.report(rows, given.baseline)
    if "fast" in given.contenders.split(","):
        report_fast(rows)


def report_fast(rows: Sequence[Measurement]) -> None:
    """The goals: how many times as fast as each of the others ``fast`` is."""
    print("\nfast's images a second over the contender's, pair by pair (least to greatest)")
    for name, _ in by_contender(rows):
        if name != "fast":
            faster = paired.ratios(rows, name, "fast", lambda row: row.step_seconds_median)
            cheaper = paired.ratios(rows, name, "fast", lambda row: row.step_cpu_seconds_median)
            print(f"{name:28}x {spread(faster)}, by CPU time x {spread(cheaper)}")


if __name__ == "__main__":
    main()
