"""Contenders in turn, round after round, each in a process of its own: A B C A B C.

On a shared machine the speed drifts by half within minutes. So a contender is compared only with the baseline of the
same round, and what is shown is the median of those ratios between the least and the greatest.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from contender import CONTENDERS
from sitting import Measurement, Setting, by_contender, spread

CHILD = Path(__file__).with_name("contender.py")


def parser(
    description: str, *, contenders: str, baseline: str, rounds: int, warm_up: int, steps: int
) -> argparse.ArgumentParser:
    """The options that the benchmarks share."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--contenders", default=contenders, help=f"of {', '.join(CONTENDERS)}; %(default)s")
    options.add_argument("--baseline", default=baseline, help="what the others are compared with; %(default)s")
    options.add_argument("--variant", default="100x12", help="DenseNet-BC; %(default)s")
    options.add_argument("--batch-size", type=int, default=64, help="%(default)s")
    options.add_argument("--threads", type=int, default=2, help="%(default)s")
    options.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    options.add_argument("--rounds", type=int, default=rounds, help="%(default)s")
    options.add_argument("--warm-up", type=int, default=warm_up, help="steps behind the first; %(default)s")
    options.add_argument("--steps", type=int, default=steps, help="timed; %(default)s")
    options.add_argument("--output", type=Path, required=True, help="the CSV")
    return options


def settings(given: argparse.Namespace, cases: Sequence[tuple[str, int]] | None = None) -> Iterator[Setting]:
    """Every contender's task, in the order of the sitting; ``cases`` are variants and batch sizes."""
    names = given.contenders.split(",")
    unknown = sorted(set(names) - set(CONTENDERS))
    if unknown:
        raise SystemExit(f"unknown contender {unknown[0]!r}: known are {', '.join(CONTENDERS)}")
    for number in range(1, given.rounds + 1):
        for variant, batch_size in cases or [(given.variant, given.batch_size)]:
            for name in names:
                yield Setting(
                    contender=name,
                    round=number,
                    variant=variant,
                    batch_size=batch_size,
                    threads=given.threads,
                    precision=given.precision,
                    warm_up=given.warm_up,
                    steps=given.steps,
                )


def sit(tasks: Iterable[Setting], output: Path) -> list[Measurement]:
    """Run the tasks one after another; each row is shown and written at once, so that none is lost."""
    rows = []
    with output.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Measurement)])
        writer.writeheader()
        for task in tasks:
            start = time.perf_counter()
            row = run_child(task)
            rows.append(row)
            writer.writerow(asdict(row))
            file.flush()
            print(f"round {row.round}  {describe(row)}  [{time.perf_counter() - start:.0f} s]", flush=True)
    return rows


def run_child(task: Setting) -> Measurement:
    """A new process for one contender."""
    return Measurement(**answer(task.contender, str(CHILD), json.dumps(asdict(task))))


def answer(name: str, *arguments: str) -> Any:
    """What a Python of its own prints as its last line of JSON; ``name`` is what is said to have failed if it fails."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed ({done.returncode}):\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def describe(row: Measurement) -> str:
    """A row in a line."""
    return (
        f"{row.contender:28}{row.variant:>8} x {row.batch_size:<4}"
        f"{row.step_seconds_median:8.3f} s a step ({row.step_cpu_seconds_median:.3f} CPU) "
        f"{row.images_per_second:9.2f} images/s  first {row.first_step_seconds:6.2f} s  "
        f"{gib(above(row.peak_bytes, row.base_bytes))}  load {row.load_average:.1f}"
    )


def above(peak: int | None, base: int | None) -> int | None:
    """What the steps added."""
    return None if peak is None else peak - (base or 0)


def gib(size: int | None) -> str:
    """Bytes as GiB."""
    return "memory unknown" if size is None else f"{size / 2**30:.2f} GiB"


def report(rows: Sequence[Measurement], baseline: str) -> None:
    """Medians over the rounds, and the speed against the baseline's, round by round."""
    print(
        f"\nmedians of the rounds; {baseline}'s seconds a step over the contender's, pair by pair (least to greatest)"
    )
    for name, own in by_contender(rows):
        wall = statistics.median(row.step_seconds_median for row in own)
        speed = statistics.median(row.images_per_second for row in own)
        cpu = statistics.median(row.step_cpu_seconds_median for row in own)
        faster = ratios(rows, baseline, name, lambda row: row.step_seconds_median)
        cheaper = ratios(rows, baseline, name, lambda row: row.step_cpu_seconds_median)
        print(
            f"{name:28}{wall:8.3f} s a step {speed:9.2f} images/s {cpu:8.3f} CPU s"
            + (f"   x {spread(faster)}, by CPU time x {spread(cheaper)}" if faster else "")
        )


def ratios(
    rows: Sequence[Measurement], numerator: str, denominator: str, figure: Callable[[Measurement], float]
) -> list[float]:
    """``numerator``'s figure over ``denominator``'s in every round that has both."""
    found = {(row.contender, row.round): figure(row) for row in rows}
    rounds = sorted({row.round for row in rows})
    pairs = [(found.get((numerator, number)), found.get((denominator, number))) for number in rounds]
    return [above / below for above, below in pairs if above is not None and below]
