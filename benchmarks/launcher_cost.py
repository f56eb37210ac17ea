"""What a launcher costs each run over the loop: sweeps of 12 runs that train nothing, by both in turn.

    python benchmarks/launcher_cost.py --pairs 3 --output results/launchers/cost.csv

The runs are the whole way of ``train`` (directory, lock, process, events, row), but for the training itself, which is a
stub of a third of a second (``tests/running/launchers/stub``): else its own noise would hide what is measured. Start
and end of the engine are in the time of its sweep.
"""

import argparse
import csv
import os
import sys
import tempfile
import time
from pathlib import Path

from densebench import workflows
from densebench.planning.options import TrainOptions
from densebench.reporting.notebook import open_progress
from densebench.running.launchers.options import LaunchOptions

ROOT = Path(__file__).parents[1]
RUNS = 12
LAUNCHERS = {"loop": LaunchOptions(), "ray": LaunchOptions(launcher="ray", jobs=1, cpus_per_run=1)}


def time_sweep(launch: LaunchOptions) -> float:
    """Seconds of a sweep, one run at a time, in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        options = TrainOptions(variants=("resnet20",), seeds=tuple(range(RUNS)), dataset="digits", epochs=3)
        began = time.perf_counter()
        finished = workflows.train(options, open_progress(shown=False), launch=launch)
        seconds = time.perf_counter() - began
        os.chdir("/")
    if [one.run.status for one in finished] != ["completed"] * RUNS:
        sys.exit(f"not every run was completed: {[one.outcome for one in finished]}")
    return seconds


def main() -> None:
    """Print and write the seconds of each sweep and what a run costs more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    target = options.output.resolve() if options.output else None
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests/running/launchers/stub"), str(ROOT)])
    rows = []
    for pair in range(options.pairs):
        names = list(LAUNCHERS) if pair % 2 == 0 else list(reversed(LAUNCHERS))
        seconds = {name: round(time_sweep(LAUNCHERS[name]), 2) for name in names}
        cost = round((seconds["ray"] - seconds["loop"]) / RUNS, 3)
        rows.append({"pair": pair, "runs": RUNS, **seconds, "cost_a_run": cost})
        print(rows[-1], flush=True)
    if target:
        with target.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["pair", "runs", "loop", "ray", "cost_a_run"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
