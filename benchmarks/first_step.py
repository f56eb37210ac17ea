"""How long it takes until a network has done its first step: ``python benchmarks/first_step.py --output first.csv``.

Seconds to build the model, to trace the training step (how often: ``fit`` traces it twice), until the first step is
done (trace included), and the nodes of the traced graph, which are what tracing costs.
"""

import statistics
from collections.abc import Sequence

import paired
from sitting import Measurement, by_contender, spread


def main() -> None:
    """Measure, print and write."""
    parser = paired.parser(__doc__, contenders="script,plain,fast", baseline="script", rounds=3, warm_up=0, steps=1)
    parser.set_defaults(variant="100x12,169x32")
    given = parser.parse_args()
    variants = given.variant.split(",")
    rows = paired.sit(paired.settings(given, [(variant, given.batch_size) for variant in variants]), given.output)
    for variant in variants:
        report([row for row in rows if row.variant == variant], given.baseline)


def report(rows: Sequence[Measurement], baseline: str) -> None:
    """Medians over the rounds of one variant."""
    print(f"\n{rows[0].variant}: seconds until the first step is done; {baseline}'s over the contender's, pair by pair")
    for name, own in by_contender(rows):
        build = statistics.median(row.build_seconds for row in own)
        trace = statistics.median(row.trace_seconds for row in own if row.trace_seconds is not None)
        first = statistics.median(row.first_step_seconds for row in own)
        faster = paired.ratios(rows, baseline, name, lambda row: row.first_step_seconds)
        print(
            f"{name:28}build {build:6.2f} s, {own[0].traces} trace(s) {trace:6.2f} s, first step {first:6.2f} s, "
            f"{own[0].graph_nodes:7,} nodes" + (f"   x {spread(faster)}" if faster else "")
        )


if __name__ == "__main__":
    main()
