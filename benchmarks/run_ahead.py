"""What it brings to start the next steps before the last is read: ``python benchmarks/run_ahead.py --backend jax``.

One process trains a network on random images, a round with each step waited for and a round with steps run ahead, in
turn, and so on; also where training would not run ahead, as on a CPU. Printed are the ratios of their wall times.
"""

import argparse
import csv
import statistics
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from densebench.config import BACKENDS, RunConfig
from densebench.data.prefetch import Prefetched
from densebench.measuring.gpu.allocator import NoGpuMemory
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.host import read_cpu_model
from densebench.measuring.stopwatch import EpochTimer
from densebench.recipes import RECIPES
from densebench.training.backends.backend import prepare
from densebench.training.run_steps import StepRunner

CLASSES, SIDE = 10, 32


@dataclass(frozen=True, kw_only=True)
class Row:
    """A round."""

    backend: str
    device: str
    variant: str
    implementation: str
    batch_size: int
    pair: int
    runs_ahead: bool
    steps: int
    seconds: float
    step_ms_p50: float | None
    cpu_seconds: float | None
    last_loss: float


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="jax", choices=BACKENDS)
    parser.add_argument("--variant", default="resnet20")
    parser.add_argument("--implementation", default="auto")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    rows = measure(given)
    for waited, ahead in zip(rows[::2], rows[1::2], strict=True):
        print(f"pair {ahead.pair}: {ahead.seconds / waited.seconds:.3f} times the wall time of steps waited for")
    ratios = [ahead.seconds / waited.seconds for waited, ahead in zip(rows[::2], rows[1::2], strict=True)]
    print(f"median {statistics.median(ratios):.3f}")
    if given.output:
        with given.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(asdict(rows[0])))
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)


def measure(given: argparse.Namespace) -> list[Row]:
    """Rounds with each step waited for and with steps run ahead, in turn."""
    recipe = replace(RECIPES["blog"], batch_size=given.batch_size)
    config = RunConfig(
        variant=given.variant, run="x", recipe=recipe, backend=given.backend, implementation=given.implementation
    )
    facts = prepare(config)
    from densebench.training.steps.choose import make_steps  # which import Keras, on the backend that is prepared
    from densebench.training.trainee import build_trainee

    steps = make_steps(build_trainee(config, facts, classes=CLASSES, image_size=SIDE), recipe, facts)
    steps.compile(given.batch_size)
    steps.begin(0.01)
    run_round(steps, given, 5)
    rows = []
    for pair in range(1, given.pairs + 1):
        for runs_ahead in (False, True):
            steps.runs_ahead = runs_ahead
            times, loss = run_round(steps, given, given.steps)
            rows.append(
                Row(
                    backend=f"{facts.name} {facts.version}",
                    device=facts.device_name or read_cpu_model() or "unknown",
                    variant=given.variant,
                    implementation=facts.implementation,
                    batch_size=given.batch_size,
                    pair=pair,
                    runs_ahead=runs_ahead,
                    steps=given.steps,
                    seconds=times.epoch_seconds,
                    step_ms_p50=times.step_ms_p50,
                    cpu_seconds=times.cpu_seconds,
                    last_loss=loss,
                )
            )
    return rows


def run_round(steps: Any, given: argparse.Namespace, count: int) -> tuple[Any, float]:
    """So many steps: their times and the last loss."""
    random = np.random.default_rng(0)
    x = random.standard_normal((given.batch_size, SIDE, SIDE, 3), dtype=np.float32)
    y = random.integers(CLASSES, size=given.batch_size, dtype=np.int32)
    timer = EpochTimer()
    runner = StepRunner(steps, timer=timer, memory=StepMemory(NoGpuMemory()), clock=time.perf_counter)
    batches = Prefetched((steps.place(x), steps.place(y), given.batch_size) for _ in range(count))
    timer.start()
    *_, last = runner.run(batches)
    return timer.stop(), last.result.loss


if __name__ == "__main__":
    main()
