"""How long ``densebench compare`` takes and how its memory grows, on 50, 100 and 200 runs of 300 epochs.

    python benchmarks/compare.py [--csv results/benchmark-compare.csv] [--repeats 5]

Every figure is of a whole process, interpreter start included: the median of the repeats' wall time and processor time
(which others on the machine disturb less) and the largest resident memory. The runs are synthetic and lie in a
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

SIZES = (1, 50, 100, 200)  # one run shows what every call costs
EPOCHS = 300


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One way to call ``compare`` on a number of runs."""

    options: str
    runs: int
    epochs: int
    file_mib: float
    seconds_median: float
    seconds_min: float
    cpu_seconds_median: float
    peak_mib: float


@dataclass(frozen=True, kw_only=True)
class Call:
    """What one process took."""

    seconds: float
    cpu_seconds: float
    peak_kib: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", type=Path, help="write the figures there too")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    found = measured(arguments.repeats)
    for entry in found:
        print(
            f"compare {entry.options:22} {entry.runs:4} runs {entry.file_mib:6.1f} MiB of files "
            f"{entry.seconds_median:6.2f} s (processor {entry.cpu_seconds_median:.2f} s) peak {entry.peak_mib:6.1f} MiB"
        )
    plain = [entry for entry in found if not entry.options]
    print(f"memory a run: {slope(plain[1], plain[2]):.2f} MiB from 50 to 100, {slope(plain[2], plain[3]):.2f} to 200")
    if arguments.csv:
        write(found, arguments.csv)


def measured(repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for runs in SIZES:
            fill(Path(folder), runs)
            found += [measure(Path(folder), runs, options, repeats) for options in options_for(runs)]
        return found


def options_for(runs: int) -> list[str]:
    return ["", "--baseline 100x12", "--no-group", "--format json"] if runs == SIZES[-1] else [""]


def fill(folder: Path, runs: int) -> None:
    """More runs beside those that are there: every network with one seed, then with the next."""
    names = list(VARIANTS)
    for index in range(len(list(folder.glob("*.csv"))), runs):
        run = make_run(names[index % len(names)], seed=index // len(names), epochs=EPOCHS)
        csv_file.write(run, store.run_path(folder, run.run))


def measure(folder: Path, runs: int, options: str, repeats: int) -> Measurement:
    calls = [call(folder, options.split()) for _ in range(repeats)]
    return Measurement(
        options=options,
        runs=runs,
        epochs=EPOCHS,
        file_mib=sum(file.stat().st_size for file in folder.glob("*.csv")) / 2**20,
        seconds_median=statistics.median(one.seconds for one in calls),
        seconds_min=min(one.seconds for one in calls),
        cpu_seconds_median=statistics.median(one.cpu_seconds for one in calls),
        peak_mib=max(one.peak_kib for one in calls) / 2**10,
    )


def call(folder: Path, options: list[str]) -> Call:
    command = [sys.executable, "-c", "from densebench.cli import main; main()", "compare", str(folder), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Call(seconds=seconds, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_kib=usage.ru_maxrss)


def slope(smaller: Measurement, larger: Measurement) -> float:
    return (larger.peak_mib - smaller.peak_mib) / (larger.runs - smaller.runs)


def write(found: list[Measurement], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, asdict(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in found)


if __name__ == "__main__":
    main()
