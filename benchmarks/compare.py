"""Measures time and memory of ``densebench compare`` with 1 to 1,000 runs of 300 epochs.

    python benchmarks/compare.py [--csv results/performance/compare.csv] [--repeats 5]

Every figure is for a whole process, including the start of the interpreter: the median wall time and processor time
(which other processes disturb less) over the repeats, and the largest resident memory. The commands run in turn; each
is compared round by round with pandas reading the same files completely. The runs are synthetic and stored in a
temporary folder.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from synthetic_runs import VARIANTS, make_run

from densebench.results import csv_file, store

SIZES = (1, 10, 100, 200, 1000)  # one run shows the constant cost of a call
EPOCHS = 300
DENSEBENCH = "from densebench.cli import main; main()"
PANDAS = """
import sys
from pathlib import Path

import pandas as pd

pd.concat(pd.read_csv(path) for path in sorted(Path(sys.argv[1]).glob("*.csv")))
"""
COMMANDS = {  # name: (program, options)
    "pandas reads all": (PANDAS, ""),
    "compare": (DENSEBENCH, ""),
    "compare --baseline": (DENSEBENCH, "--baseline 100x12"),
    "compare --no-group": (DENSEBENCH, "--no-group"),
    "compare --format json": (DENSEBENCH, "--format json"),
}


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The figures of one command on a number of runs."""

    command: str
    runs: int
    epochs: int
    file_mib: float
    seconds_median: float
    seconds_min: float
    cpu_seconds_median: float
    peak_mib: float
    to_pandas_median: float  # wall time divided by that of pandas in the same round
    to_pandas_min: float
    to_pandas_max: float


@dataclass(frozen=True, kw_only=True)
class Call:
    """Time and memory of one process."""

    seconds: float
    cpu_seconds: float
    peak_kib: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", type=Path, help="also write the figures to this CSV")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    found = measure_sizes(arguments.repeats)
    for entry in found:
        print(
            f"{entry.command:22} {entry.runs:4} runs {entry.file_mib:6.1f} MiB of files {entry.seconds_median:6.2f} s "
            f"(processor {entry.cpu_seconds_median:.2f} s) peak {entry.peak_mib:6.1f} MiB, "
            f"{entry.to_pandas_median:.2f} times pandas ({entry.to_pandas_min:.2f} to {entry.to_pandas_max:.2f})"
        )
    if arguments.csv:
        write(found, arguments.csv)


def measure_sizes(repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for runs in SIZES:
            fill(Path(folder), runs)
            found += measure(Path(folder), runs, repeats)
        return found


def fill(folder: Path, runs: int) -> None:
    """Add runs until there are ``runs``: every network with one seed, then with the next."""
    names = list(VARIANTS)
    for index in range(len(list(folder.glob("*.csv"))), runs):
        run = make_run(names[index % len(names)], seed=index // len(names), epochs=EPOCHS)
        csv_file.write(run, store.run_path(folder, run.run))


def measure(folder: Path, runs: int, repeats: int) -> list[Measurement]:
    """Run every command once per round, so that a slow minute of the machine affects all of them."""
    rounds = [{name: call(folder, name) for name in COMMANDS} for _ in range(repeats)]
    return [summarise(name, rounds, folder, runs) for name in COMMANDS]


def summarise(name: str, rounds: list[dict[str, Call]], folder: Path, runs: int) -> Measurement:
    calls = [each[name] for each in rounds]
    ratios = [each[name].seconds / each["pandas reads all"].seconds for each in rounds]
    return Measurement(
        command=name,
        runs=runs,
        epochs=EPOCHS,
        file_mib=sum(file.stat().st_size for file in folder.glob("*.csv")) / 2**20,
        seconds_median=statistics.median(one.seconds for one in calls),
        seconds_min=min(one.seconds for one in calls),
        cpu_seconds_median=statistics.median(one.cpu_seconds for one in calls),
        peak_mib=max(one.peak_kib for one in calls) / 2**10,
        to_pandas_median=statistics.median(ratios),
        to_pandas_min=min(ratios),
        to_pandas_max=max(ratios),
    )


def call(folder: Path, name: str) -> Call:
    program, options = COMMANDS[name]
    arguments = ["compare", str(folder), *options.split()] if program is DENSEBENCH else [str(folder)]
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{name} on {folder} failed")
    return Call(seconds=seconds, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_kib=usage.ru_maxrss)


def write(found: list[Measurement], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, asdict(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in found)


if __name__ == "__main__":
    main()
