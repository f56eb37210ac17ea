"""Measures the run time of commands that do not train: ``python benchmarks/starting.py --output start.csv``.

It runs ``--help``, ``summary``, and ``compare`` of ``--files`` of the repository's results, with and without a
baseline, in turn, ``--rounds`` times. For reference it also runs an interpreter that does nothing. All times are for
whole processes.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from densebench.measuring.host import read_cpu_model

RESULTS = Path(__file__).parents[1] / "results" / "digits"
CALL = "import sys; from densebench.cli import main; sys.argv[0] = 'densebench'; main()"


def list_commands(files: int) -> dict[str, list[str]]:
    """The interpreter's arguments for each command."""
    given = [str(path) for path in sorted(RESULTS.glob("*.csv"))[:files]]
    return {
        "python": ["-c", ""],
        "--help": ["-c", CALL, "--help"],
        "summary": ["-c", CALL, "summary"],
        f"compare of {len(given)} files": ["-c", CALL, "compare", *given],
        f"compare of {len(given)} files --baseline": ["-c", CALL, "compare", *given, "--baseline", "40x12"],
    }


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="%(default)s")
    parser.add_argument("--files", type=int, default=10, help="%(default)s")
    parser.add_argument("--output", type=Path, required=True, help="the CSV")
    given = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in list_commands(given.files)}
    for number in range(given.rounds + 1):  # the first round fills the disk cache and is not counted
        for name, arguments in list_commands(given.files).items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
            if number:
                seconds[name].append(time.perf_counter() - start)
    with given.output.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["command", "rounds", "seconds_median", "seconds", "load_average", "cpu", "python"])
        for name, each in seconds.items():
            shown = " ".join(f"{value:.4f}" for value in each)
            median = round(statistics.median(each), 4)
            version = sys.version.split()[0]
            writer.writerow([name, len(each), median, shown, os.getloadavg()[0], read_cpu_model(), version])
            print(f"{name:32}{median:7.3f} s ({min(each):.3f} to {max(each):.3f})")


if __name__ == "__main__":
    main()
