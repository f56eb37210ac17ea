"""Compiles contenders side by side and times them one at a time: on a GPU hours of compiling become minutes.

    python benchmarks/side_by_side.py --contenders jax-plain,torch-compile --batch-sizes 64,256 --output contenders.csv

Each contender has a process of its own, which waits after its first step until every other one has made or failed
its own; then each makes its warm-up and its timed steps while the others sleep. So nothing disturbs the times, but
the first steps, during which XLA and cuDNN also choose their algorithms, take longer than alone. What the CSV has
already is not measured again.
"""

import argparse
import csv
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from contender import CONTENDERS
from gpu_parts import append_row
from paired import describe
from sitting import TURN, Measurement, Setting

from densebench.measuring.host import count_usable_cores

CHILD = Path(__file__).with_name("contender.py")
POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A process that computes a setting."""

    setting: Setting
    turn: Path  # the folder by which it is told that it may go on
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    @property
    def title(self) -> str:
        """What is compared: ``jax-plain 100x12 mixed_bfloat16 64``."""
        return " ".join(make_key(asdict(self.setting)))

    def is_ready(self) -> bool:
        """Whether it has made its first step, or will never."""
        return (self.turn / "ready").exists() or self.process.poll() is not None


def make_key(row: dict[str, object]) -> tuple[str, ...]:
    """What tells rows and settings apart."""
    return tuple(str(row[name]) for name in ("contender", "variant", "precision", "batch_size"))


def start(setting: Setting, folder: Path) -> Contender:
    """Start a contender that waits after its first step."""
    turn = folder / "-".join(make_key(asdict(setting)))
    turn.mkdir()
    output = (turn / "output").open("w+b")
    environment = {**os.environ, TURN: str(turn)}
    command = [sys.executable, str(CHILD), json.dumps(asdict(setting))]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )
    return Contender(setting=setting, turn=turn, process=process, output=output)


def measure(settings: Sequence[Setting], deadline: float) -> Iterator[tuple[Contender, Measurement | str]]:
    """Each contender with its measurement, or the last line of what it printed instead.

    Those that are not ready two thirds through the time that is left are stopped, so that the others can be timed.
    """
    with tempfile.TemporaryDirectory(prefix="side-by-side-") as folder:
        running = [start(setting, Path(folder)) for setting in settings]
        try:
            until = time.monotonic() + (deadline - time.monotonic()) * 2 / 3
            while not all(each.is_ready() for each in running) and time.monotonic() < until:
                time.sleep(POLL_SECONDS)
            late = [each for each in running if not each.is_ready()]
            for each in late:
                each.process.kill()
                each.process.wait()
                yield each, "its first step was not over in time"
            for each in running:
                if each not in late:
                    yield each, take_turn(each, deadline)
        finally:
            for each in running:
                each.process.kill()
                each.process.wait()
                each.output.close()


def take_turn(contender: Contender, deadline: float) -> Measurement | str:
    """Let a contender go on, and wait for its figures."""
    (contender.turn / "go").touch()
    try:
        code = contender.process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return "its steps were not over in time"
    contender.output.seek(0)
    lines = contender.output.read().decode(errors="replace").strip().splitlines() or ["no output"]
    return Measurement(**json.loads(lines[-1])) if code == 0 else f"{lines[-1].strip()} (exit code {code})"


def main() -> None:
    """Parse the options, measure what the CSV does not have yet; exits with 1 where a contender failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contenders", required=True, help=f"some of {', '.join(CONTENDERS)}")
    parser.add_argument("--variant", default="100x12", help="%(default)s")
    parser.add_argument("--precisions", default="mixed_bfloat16", help="%(default)s")
    parser.add_argument("--batch-sizes", default="64", help="%(default)s")
    parser.add_argument("--seconds", type=float, default=3.0, help="of timed steps; %(default)s")
    parser.add_argument("--time-limit", type=float, default=500.0, help="seconds of all; %(default)s")
    parser.add_argument("--output", type=Path, required=True, help="the CSV, to which rows are appended")
    given = parser.parse_args()
    if unknown := sorted(set(given.contenders.split(",")) - set(CONTENDERS)):
        parser.error(f"unknown contender {unknown[0]!r}: choose from {', '.join(CONTENDERS)}")
    deadline = time.monotonic() + given.time_limit
    failed = []
    for contender, result in measure(list(list_settings(given)), deadline):
        if isinstance(result, Measurement):
            append_row(given.output, result)
            print(" ".join(describe(result).split()), flush=True)
        else:
            failed.append(f"{contender.title}: {result}")
    if failed:
        raise SystemExit("; ".join(failed))


def list_settings(given: argparse.Namespace) -> Iterator[Setting]:
    """What is asked for and not in the CSV."""
    done = set()
    if given.output.exists():
        with given.output.open(newline="", encoding="utf-8") as file:
            done = {make_key(dict(row)) for row in csv.DictReader(file)}
    setting = Setting(
        contender="",
        round=1,
        variant=given.variant,
        batch_size=0,
        threads=count_usable_cores() or 1,  # to compile
        precision="",
        warm_up=2,
        steps=5,
        seconds=given.seconds,
    )
    axes = (given.batch_sizes.split(","), given.precisions.split(","), given.contenders.split(","))
    for size, precision, name in itertools.product(*axes):
        one = replace(setting, contender=name, batch_size=int(size), precision=precision)
        if make_key(asdict(one)) not in done:
            yield one


if __name__ == "__main__":
    main()
