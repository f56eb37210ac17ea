"""Measures what further devices bring: one device with one thread and N devices in turn, on the same batches.

``python benchmarks/scaling.py --backend torch --devices 2 --output torch.csv``. The steps are those of a run, on random
images. PyTorch has a process with one thread for each device; the other backends have one process for all
devices of the host, with all its cores. Only pairs of one round are compared: a shared machine's speed changes.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sitting import CLASSES, LEARNING_RATE, SIDE, Batches, Marks, Setting, differences, format_spread, write

from densebench.config import BACKENDS, RunConfig, from_json, to_json
from densebench.measuring.host import read_cpu_model
from densebench.measuring.malloc import keep_large_buffers
from densebench.recipes import RECIPES
from densebench.training.parallel.hosts import Host
from densebench.training.parallel.layout import Layout, list_layouts

if TYPE_CHECKING:
    from densebench.training.backends.backend import BackendFacts

RANK = "SCALING_RANK"  # which of the processes this is


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the CSV: all devices together in one round."""

    backend: str
    implementation: str
    batch_norm: str
    variant: str
    batch_size: int  # of all devices together
    round: int
    devices: int
    processes: int
    threads: int  # of each process
    steps: int
    step_seconds_median: float
    images_per_second: float
    step_cpu_seconds_median: float  # of the first process, all its threads together
    step_seconds: str  # every timed step
    load_average: float  # over the last minute, at the end of the steps
    cpu: str | None
    framework: str
    python: str


def main() -> None:
    """Parse the options, measure in turn, print the ratios and write the CSV."""
    given = parse()
    rows: list[Row] = []
    for number in range(1, given.rounds + 1):
        for devices in (1, given.devices):
            row = replace(run_processes(make_config(given, devices), given.warm_up, given.steps), round=number)
            rows.append(row)
            write(rows, given.output)
            print(
                f"round {number}  {devices} device(s), {row.processes} process(es) of {row.threads} thread(s): "
                f"{row.step_seconds_median:.3f} s per step ({row.step_cpu_seconds_median:.3f} CPU), "
                f"{row.images_per_second:.1f} images/s, load {row.load_average:.1f}",
                flush=True,
            )
    print(f"images a second, {given.devices} devices over 1: x {format_spread(list(find_ratios(rows)))}")


def parse() -> argparse.Namespace:
    """The options."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--backend", default="torch", choices=BACKENDS)
    options.add_argument("--implementation", default="auto", choices=("auto", "plain", "fast"))
    options.add_argument("--batch-norm", default="global", choices=("global", "replica"))
    options.add_argument("--devices", type=int, default=2, help="%(default)s")
    options.add_argument("--variant", default="resnet20", help="%(default)s")
    options.add_argument("--batch-size", type=int, default=64, help="of all devices together; %(default)s")
    options.add_argument("--rounds", type=int, default=5, help="%(default)s")
    options.add_argument("--warm-up", type=int, default=3, help="untimed steps after the first; %(default)s")
    options.add_argument("--steps", type=int, default=15, help="timed steps; %(default)s")
    options.add_argument("--output", type=Path, required=True, help="the CSV")
    return options.parse_args()


def make_config(given: argparse.Namespace, devices: int) -> RunConfig:
    """The run that would take these steps."""
    return RunConfig(
        variant=given.variant,
        run="scaling",
        recipe=replace(RECIPES["blog"], batch_size=given.batch_size),
        backend=given.backend,
        implementation=given.implementation,
        threads=1 if devices == 1 or given.backend == "torch" else None,
        devices=devices,
        batch_norm=given.batch_norm,
    )


def run_processes(config: RunConfig, warm_up: int, steps: int) -> Row:
    """Take the steps in as many processes as the backend needs; the first has timed them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, to_json(config), str(Path(folder) / "store"), str(warm_up), str(steps)]
        children = [
            subprocess.Popen(
                command,
                env=os.environ | {RANK: str(rank), "TF_CPP_MIN_LOG_LEVEL": "2"},
                stdout=subprocess.PIPE,
                text=True,
            )
            for rank in range(len(list_layouts(config, Host())))
        ]
        outputs = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        raise SystemExit(f"exit codes {[child.returncode for child in children]}")
    return Row(**json.loads(outputs[0].splitlines()[-1]))


def take_steps(config: RunConfig, rank: int, store: str, warm_up: int, count: int) -> Row:
    """What one process does."""
    keep_large_buffers()
    layout = list_layouts(config, Host(), store=store)[rank]
    from densebench.training.backends.backend import prepare

    facts = prepare(config, layout)
    from densebench.training.parallel.data_parallel import join
    from densebench.training.steps.choose import make_steps
    from densebench.training.trainee import build_trainee

    parallel = join(config.backend, layout, facts.device_kind)
    with parallel.scope():
        trainee = build_trainee(config, facts, classes=CLASSES, image_size=SIDE)
    steps = make_steps(trainee, config.recipe, facts, parallel)
    steps.compile(config.recipe.batch_size)
    steps.begin(LEARNING_RATE)
    marks = Marks()
    for x, y in draw(config, warm_up, count):
        steps.train(steps.place(x), steps.place(y))
        marks.mark()
    row = make_row(config, layout, facts, marks, count)
    parallel.leave()
    return row


def draw(config: RunConfig, warm_up: int, steps: int) -> Batches:
    """Random images and labels, a pair a step."""
    setting = Setting(
        contender=config.backend,
        round=0,
        variant=config.variant,
        batch_size=config.recipe.batch_size,
        threads=0,
        precision=config.precision,
        warm_up=warm_up,
        steps=steps,
    )
    return setting.batches()


def make_row(config: RunConfig, layout: Layout, facts: "BackendFacts", marks: Marks, count: int) -> Row:
    """The row of one round, whose number is not known here, from the last steps."""
    seconds = differences(marks.wall[-count - 1 :])
    median = statistics.median(seconds)
    return Row(
        backend=config.backend,
        implementation=facts.implementation,
        batch_norm=config.batch_norm,
        variant=config.variant,
        batch_size=config.recipe.batch_size,
        round=0,
        devices=layout.devices,
        processes=layout.ranks,
        threads=facts.threads,
        steps=count,
        step_seconds_median=round(median, 6),
        images_per_second=round(config.recipe.batch_size / median, 3),
        step_cpu_seconds_median=round(statistics.median(differences(marks.cpu[-count - 1 :])), 6),
        step_seconds=" ".join(f"{each:.6f}" for each in seconds),
        load_average=os.getloadavg()[0],
        cpu=read_cpu_model(),
        framework=f"keras {facts.keras}, {facts.name} {facts.version}",
        python=platform.python_version(),
    )


def find_ratios(rows: Sequence[Row]) -> Iterator[float]:
    """Of each round: images a second of all devices over those of one."""
    for alone, together in zip(rows[::2], rows[1::2], strict=True):
        yield together.images_per_second / alone.images_per_second


if __name__ == "__main__":
    if RANK not in os.environ:
        main()
    else:
        text, meeting_place, *numbers = sys.argv[1:]
        measured = take_steps(from_json(text), int(os.environ[RANK]), meeting_place, *map(int, numbers))
        print(json.dumps(asdict(measured)), flush=True)
        os._exit(0)  # as the process of a run ends
