"""Runs contenders in turn, each in its own process: A B C A B C.

On a shared machine the speed can change by half within minutes. Each contender is therefore compared only with the
baseline of the same round; reports show the median of these ratios with their minimum and maximum.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

from contender import CONTENDERS
from sitting import Measurement, Setting, by_contender, format_spread, split_contender

CHILD = Path(__file__).with_name("contender.py")
_PRECISIONS = ("float32", "mixed_bfloat16")


def make_parser(
    description: str, *, contenders: str, baseline: str, rounds: int, warm_up: int, steps: int
) -> argparse.ArgumentParser:
    """The options that all paired benchmarks share."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--contenders",
        default=contenders,
        help=f"some of {', '.join(CONTENDERS)}, each also as NAME@PRECISION; %(default)s",
    )
    options.add_argument("--baseline", default=baseline, help="contender to compare the others with; %(default)s")
    options.add_argument("--variant", default="100x12", help="DenseNet-BC; %(default)s")
    options.add_argument("--batch-size", type=parse_count, default=64, help="%(default)s")
    options.add_argument("--threads", type=parse_count, default=2, help="%(default)s")
    options.add_argument("--precision", default=_PRECISIONS[0], choices=_PRECISIONS)
    options.add_argument("--rounds", type=parse_count, default=rounds, help="%(default)s")
    options.add_argument("--warm-up", type=int, default=warm_up, help="untimed steps after the first; %(default)s")
    options.add_argument("--steps", type=parse_count, default=steps, help="timed steps; %(default)s")
    options.add_argument(
        "--seconds",
        type=float,
        default=0.0,
        help="least time of the timed steps, 3 on a GPU; %(default)s",
    )
    options.add_argument("--output", type=Path, required=True, help="the CSV")
    return options


def parse_count(text: str) -> int:
    """A number of at least 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)


def list_settings(given: argparse.Namespace, cases: Sequence[tuple[str, int]] | None = None) -> list[Setting]:
    """The setting of every process in order; ``cases`` are variants and batch sizes. Exits for an unknown contender."""
    names = given.contenders.split(",")
    for name, precision in map(split_contender, (*names, *given.baseline.split(","))):
        for kind, one, known in (("contender", name, CONTENDERS), ("precision", precision, ("", *_PRECISIONS))):
            if one not in known:
                raise SystemExit(f"unknown {kind} {one!r}: choose from {', '.join(filter(None, known))}")
    return [
        Setting(
            contender=name,
            round=number,
            variant=variant,
            batch_size=batch_size,
            threads=given.threads,
            precision=split_contender(name)[1] or given.precision,
            warm_up=given.warm_up,
            steps=given.steps,
            seconds=given.seconds,
        )
        for number in range(1, given.rounds + 1)
        for variant, batch_size in cases or [(given.variant, given.batch_size)]
        for name in names
    ]


def run_all(tasks: Iterable[Setting], output: Path) -> list[Measurement]:
    """Run the tasks one after another; each row is printed and written immediately, so that none is lost."""
    rows = []
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        file = output.open("w", newline="")
    except OSError as error:
        raise SystemExit(f"--output {output} cannot be written ({error.strerror}): name another file") from None
    with file:
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
    """Run one contender in a new process."""
    return Measurement(**run_python(task.contender, str(CHILD), json.dumps(asdict(task))))


def run_python(name: str, *arguments: str) -> Any:
    """Run a new Python process and parse the last line of its output as JSON; an error message uses ``name``."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed ({done.returncode}):\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def describe(row: Measurement) -> str:
    """One line for a row."""
    return (
        f"{row.contender:36}{row.variant:>8} x {row.batch_size:<4}"
        f"{row.step_seconds_median:9.4f} s per step ({row.step_cpu_seconds_median:.3f} CPU) "
        f"{row.images_per_second:9.2f} images/s  first {row.first_step_seconds:6.2f} s  "
        f"{format_gib(subtract_base(row.peak_bytes, row.base_bytes))}  load {row.load_average:.1f}"
    )


def subtract_base(peak: int | None, base: int | None) -> int | None:
    """Bytes that the steps added; of a GPU, which has no base, all that the allocator gave out."""
    return None if peak is None else peak - (base or 0)


def format_gib(size: int | None) -> str:
    """Bytes in GiB."""
    return "memory unknown" if size is None else f"{size / 2**30:.2f} GiB"


def report(rows: Sequence[Measurement], baseline: str) -> None:
    """Print medians over the rounds, and the speed relative to the baseline, computed per round."""
    compared = f"{baseline}'s step time over the contender's, per round (minimum to maximum)"
    if baseline not in {row.contender for row in rows}:
        compared = f"compared with nothing, as {baseline} is none of them"
    print(f"\nmedians of the rounds; {compared}")
    for name, own in by_contender(rows):
        wall = statistics.median(row.step_seconds_median for row in own)
        speed = statistics.median(row.images_per_second for row in own)
        cpu = statistics.median(row.step_cpu_seconds_median for row in own)
        faster = ratios(rows, baseline, name, lambda row: row.step_seconds_median)
        cheaper = ratios(rows, baseline, name, lambda row: row.step_cpu_seconds_median)
        print(
            f"{name:36}{wall:8.3f} s per step {speed:9.2f} images/s {cpu:8.3f} CPU s"
            + (f"   x {format_spread(faster)}, by CPU time x {format_spread(cheaper)}" if faster else "")
        )


class Profiled(Protocol):
    """All operations of one type in a step."""

    @property
    def operation(self) -> str: ...
    @property
    def calls(self) -> float: ...
    @property
    def milliseconds(self) -> float: ...


def report_kinds(rows: Sequence[Profiled], kinds: Iterable[str], find_kind: Callable[[str], str]) -> None:
    """Print the time of each kind of operation, by ``find_kind`` one of ``kinds`` or ``other``."""
    total = sum(row.milliseconds for row in rows)
    for kind in (*kinds, "other"):
        own = [row for row in rows if find_kind(row.operation) == kind]
        spent = sum(row.milliseconds for row in own)
        print(f"{kind:36}{spent:8.1f} ms {spent / total:6.1%} {sum(row.calls for row in own):8.0f} operations")


def ratios(
    rows: Sequence[Measurement], numerator: str, denominator: str, figure: Callable[[Measurement], float]
) -> list[float]:
    """``numerator``'s figure divided by ``denominator``'s in every round that has both."""
    found = {(row.contender, row.round): figure(row) for row in rows}
    rounds = sorted({row.round for row in rows})
    pairs = [(found.get((numerator, number)), found.get((denominator, number))) for number in rounds]
    return [upper / lower for upper, lower in pairs if upper is not None and lower]
