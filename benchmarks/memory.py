"""Peak memory of the implementations: ``python benchmarks/memory.py --output memory.csv``.

Of each process the greatest resident memory (VmHWM) above what it held just before its first step, once its graph was
traced; beside it, above what it held before the trace. Times are shown too, for recomputing pays in them.
"""

import statistics
from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, spread


def main() -> None:
    """Measure, print and write."""
    contenders = "plain,fast,fast-recompute"
    parser = paired.parser(__doc__, contenders=contenders, baseline="plain", rounds=3, warm_up=1, steps=3)
    given = parser.parse_args()
    rows = paired.sit(paired.settings(given), given.output)
    paired.report(rows, given.baseline)
    report_memory(rows, given.baseline)
    slower = paired.ratios(rows, "fast-recompute", "fast", lambda row: row.step_seconds_median)
    cpu = paired.ratios(rows, "fast-recompute", "fast", lambda row: row.step_cpu_seconds_median)
    if slower:
        print(f"\na step of fast-recompute over one of fast: {spread(slower)}; by CPU time {spread(cpu)}")


def report_memory(rows: Sequence[Measurement], baseline: str) -> None:
    """Bytes above either beginning, and their ratio to the baseline's."""
    print(f"\npeak above the process just before its first step, and above it before the trace; ratios to {baseline}")
    for name, own in by_contender(rows):
        shown = []
        for figure in (step_bytes, traced_step_bytes):
            size = statistics.median(figure(row) for row in own)
            shown.append(f"{size / 2**30:6.3f} GiB, x {spread(paired.ratios(rows, name, baseline, figure))}")
        print(f"{name:28}{'     '.join(shown)}")


def step_bytes(row: Measurement) -> int:
    """What the steps added."""
    return paired.above(row.peak_bytes, row.base_bytes) or 0


def traced_step_bytes(row: Measurement) -> int:
    """What the trace and the steps added."""
    return paired.above(row.peak_bytes, row.untraced_bytes) or 0


if __name__ == "__main__":
    main()
