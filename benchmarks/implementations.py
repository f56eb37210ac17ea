"""Measures which implementation is faster, and writes the table by which ``--implementation auto`` chooses.

``python benchmarks/implementations.py --backends tensorflow,jax`` measures ``plain`` and ``fast`` in turn, ``--rounds``
times, with ``densebench speed``, for every backend, precision and network, and adds the results to
``results/implementations``. ``--write`` alone makes the table of all results there and of the contenders that were
measured on a GPU (``side_by_side.py``): a row a backend, device and precision, with the ratio of the times of ``plain``
to those of ``fast`` over networks and rounds.
"""

import argparse
import csv
import itertools
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.comparison.grouping import SETTINGS
from densebench.comparison.values import get_setting
from densebench.records import Run
from densebench.results import store
from densebench.training.backends.fastest import COLUMNS, TABLE

CONTENDERS = Path(__file__).resolve().parents[1] / "results" / "gpu" / "contenders.csv"
_IMPLEMENTATIONS = ("plain", "fast")
_Key = tuple[str, str, str]  # backend, kind of device, precision


def main() -> None:
    """Parse the options, measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="resnet20,100x12")
    parser.add_argument("--backends", default="tensorflow,jax")
    parser.add_argument("--precisions", default="float32,mixed_bfloat16")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--time-limit", default="40s")
    parser.add_argument("--results", type=Path, default=Path("results/implementations"))
    parser.add_argument("--runs", type=Path, default=Path("runs/implementations"))
    parser.add_argument("--write", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if not given.write:
        axes = (given.backends.split(","), given.precisions.split(","), given.networks.split(","))
        for _, backend, precision, network in itertools.product(range(given.rounds), *axes):
            _measure(given, backend, precision, network)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(make_table([*list_speeds(store.read_all([given.results])), *read_contenders(CONTENDERS)]))


def _measure(given: argparse.Namespace, backend: str, precision: str, network: str) -> None:
    """Both implementations, one right after the other."""
    words = ["speed", network, "--backend", backend, "--precision", precision, "--time-limit", given.time_limit]
    places = ["--results-dir", str(given.results), "--runs-dir", str(given.runs)]
    command = [*words, "--implementation", ",".join(_IMPLEMENTATIONS), *places]
    print(shlex.join(["densebench", *command]), file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "densebench", *command], check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A measured step of training."""

    key: _Key
    network: str
    settings: tuple[object, ...]  # equal in those that are compared
    implementation: str
    seconds: float


def list_speeds(runs: Sequence[Run]) -> Iterator[Timed]:
    """What ``densebench speed`` has measured to its end."""
    for run in runs:
        milliseconds = run.records[0].step_ms_p50 if run.phase == "speed" and run.records else None
        if milliseconds is not None and run.status == "completed" and run.implementation in _IMPLEMENTATIONS:
            key = run.backend or "", run.environment.device_kind or "", run.precision or ""
            network = f"{run.variant} at {run.batch_size}"
            settings = tuple(get_setting(run, column) for column in SETTINGS if column != "implementation")
            seconds = milliseconds / 1e3
            yield Timed(key=key, network=network, settings=settings, implementation=run.implementation, seconds=seconds)


def read_contenders(path: Path) -> Iterator[Timed]:
    """What ``side_by_side.py`` has measured of densebench on PyTorch, on a GPU."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            _, of_torch, implementation = row["contender"].partition("keras-torch-")
            if of_torch and implementation in _IMPLEMENTATIONS and row["device"] != "cpu":
                key, network = ("torch", "gpu", row["precision"]), f"{row['variant']} at {row['batch_size']}"
                seconds = float(row["step_seconds_median"])
                yield Timed(
                    key=key, network=network, settings=(network,), implementation=implementation, seconds=seconds
                )


def make_table(measured: Iterable[Timed]) -> Iterator[tuple[str, ...]]:
    """A row for each backend, device and precision of which both implementations were measured."""
    steps: dict[_Key, dict[tuple[str, tuple[object, ...]], dict[str, list[float]]]] = {}
    for one in measured:
        alike = steps.setdefault(one.key, {}).setdefault((one.network, one.settings), {})
        alike.setdefault(one.implementation, []).append(one.seconds)
    for key, networks in sorted(steps.items()):
        pairs = [(name, one) for (name, _), one in networks.items() if set(one) == {*_IMPLEMENTATIONS}]
        if pairs:
            ratios = [statistics.median(one["plain"]) / statistics.median(one["fast"]) for _, one in pairs]
            rounds = min(len(times) for _, one in pairs for times in one.values())
            yield (
                *key,
                f"{statistics.geometric_mean(ratios):.3f}",
                f"{min(ratios):.3f}",
                "; ".join(sorted({name for name, _ in pairs})),
                str(rounds),
            )


if __name__ == "__main__":
    main()
