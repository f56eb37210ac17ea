"""Measures the peak memory of the implementations: ``python benchmarks/memory.py --output memory.csv``.

For each process it reports the peak resident memory (VmHWM) minus the resident memory just before the first step, after
tracing, and minus that before tracing; on a GPU both are the allocator's peak itself. It also reports step times,
because recomputing costs time.
"""

import statistics
from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, format_spread


def main() -> None:
    """Parse the options, measure, print and write the results."""
    contenders = "plain,fast,fast-recompute"
    parser = paired.make_parser(__doc__, contenders=contenders, baseline="plain", rounds=3, warm_up=1, steps=3)
    given = parser.parse_args()
    rows = paired.run_all(paired.list_settings(given), given.output)
    paired.report(rows, given.baseline)
    report_memory(rows, given.baseline)
    slower = paired.ratios(rows, "fast-recompute", "fast", lambda row: row.step_seconds_median)
    cpu = paired.ratios(rows, "fast-recompute", "fast", lambda row: row.step_cpu_seconds_median)
    if slower:
        print(
            f"\nstep time of fast-recompute over that of fast: {format_spread(slower)}; CPU time: {format_spread(cpu)}"
        )


def report_memory(rows: Sequence[Measurement], baseline: str) -> None:
    """Print both memory figures and their ratios to the baseline's."""
    print(f"\npeak memory minus that before the first step, and minus that before tracing; ratios to {baseline}")
    for name, own in by_contender(rows):
        shown = []
        for figure in (count_step_bytes, count_traced_step_bytes):
            size = statistics.median(figure(row) for row in own)
            shown.append(f"{size / 2**30:6.3f} GiB, x {format_spread(paired.ratios(rows, name, baseline, figure))}")
        print(f"{name:28}{'     '.join(shown)}")


def count_step_bytes(row: Measurement) -> int:
    """Bytes that the steps added."""
    return paired.subtract_base(row.peak_bytes, row.base_bytes) or 0


def count_traced_step_bytes(row: Measurement) -> int:
    """Bytes that tracing and the steps added."""
    return paired.subtract_base(row.peak_bytes, row.untraced_bytes) or 0


if __name__ == "__main__":
    main()
