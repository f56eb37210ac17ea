"""Measures the time until the end of the first step: ``python benchmarks/first_step.py --output first.csv``.

It prints the seconds to build the model, to trace the training step (and how often; ``fit`` traces it twice) and until
the end of the first step (tracing included), and the number of nodes in the traced graph, on which the tracing time
depends.
"""

import statistics
from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, format_spread


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = paired.make_parser(
        __doc__, contenders="script,plain,fast", baseline="script", rounds=3, warm_up=0, steps=1
    )
    parser.set_defaults(variant="100x12,169x32")
    given = parser.parse_args()
    variants = given.variant.split(",")
    rows = paired.run_all(
        paired.list_settings(given, [(variant, given.batch_size) for variant in variants]), given.output
    )
    for variant in variants:
        report([row for row in rows if row.variant == variant], given.baseline)


def report(rows: Sequence[Measurement], baseline: str) -> None:
    """Print the medians over the rounds of one variant."""
    print(
        f"\n{rows[0].variant}: seconds until the end of the first step; x: {baseline}'s over the contender's, per round"
    )
    for name, own in by_contender(rows):
        build = statistics.median(row.build_seconds for row in own)
        trace = statistics.median(row.trace_seconds for row in own if row.trace_seconds is not None)
        first = statistics.median(row.first_step_seconds for row in own)
        faster = paired.ratios(rows, baseline, name, lambda row: row.first_step_seconds)
        print(
            f"{name:28}build {build:6.2f} s, {own[0].traces} trace(s) {trace:6.2f} s, first step {first:6.2f} s, "
            f"{own[0].graph_nodes:7,} nodes" + (f"   x {format_spread(faster)}" if faster else "")
        )


if __name__ == "__main__":
    main()
