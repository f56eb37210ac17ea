"""Measures the overhead of the instruments: ``python benchmarks/overhead.py --backend jax --output overhead.csv``.

It trains the same small network for one epoch on the same batches in three ways, in turn:

``fit``       Keras's ``model.fit`` without callbacks
``bare``      densebench's steps in a plain loop
``measured``  the same loop with all instruments of a training: step times, sums, progress reports ten times per second,
              sampling of NVML every 10 ms (a fake one if there is no GPU), the row at the end

It prints the median of the rounds' ratios with its 95 % interval, for wall time and CPU time (which differ on a shared
machine), and writes every epoch to the CSV given by ``--output``.
"""

import argparse
import os
import runpy
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sitting import write

from densebench.config import RunConfig
from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.card_lookup import FoundCard
from densebench.measuring.gpu.monitor import Monitor, open_monitor
from densebench.measuring.host import read_cpu_model
from densebench.measuring.stopping_rule import estimate_median_interval
from densebench.measuring.stopwatch import EpochTimer
from densebench.recipes import RECIPES
from densebench.training.backends import backend

FAKE_NVML = Path(__file__).parents[1] / "tests" / "measuring" / "conftest.py"
SIDE, CLASSES = 32, 10


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch trained in one way."""

    backend: str
    version: str
    cpu: str | None
    variant: str
    batch_size: int
    steps: int
    round: int
    way: str
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What all three ways have in common."""

    config: RunConfig
    facts: backend.BackendFacts
    x: NDArray[np.float32]
    y: NDArray[np.int32]


def prepare(backend_name: str, variant: str, batch_size: int, steps: int) -> Setup:
    """Prepare the backend and random images, without weight decay, which would need a regulariser in ``fit``."""
    recipe = replace(RECIPES["blog"], batch_size=batch_size, weight_decay=0.0, learning_rate=1e-3)
    config = RunConfig(variant=variant, run="overhead", backend=backend_name, recipe=recipe)
    random = np.random.default_rng(0)
    x = random.standard_normal((steps * batch_size, SIDE, SIDE, 3), dtype=np.float32)
    y = random.integers(CLASSES, size=len(x), dtype=np.int32)
    return Setup(config=config, facts=backend.prepare(config), x=x, y=y)


def make_fit(setup: Setup) -> Callable[[], object]:
    """Return a function that trains an epoch by ``model.fit``."""
    import keras

    from densebench.training.trainee import build_trainee

    trainee = build_trainee(setup.config, setup.facts, classes=CLASSES, image_size=SIDE)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trainee.model.compile(optimizer=trainee.optimizer, loss=loss, metrics=["accuracy"], jit_compile=setup.facts.jit)
    size = setup.config.recipe.batch_size
    return lambda: trainee.model.fit(setup.x, setup.y, batch_size=size, shuffle=False, verbose=0)


class OwnLoop:
    """Trains epochs with densebench's own steps, with and without its instruments."""

    def __init__(self, setup: Setup) -> None:
        from densebench.training.steps.choose import make_steps
        from densebench.training.trainee import build_trainee

        size = setup.config.recipe.batch_size
        trainee = build_trainee(setup.config, setup.facts, classes=CLASSES, image_size=SIDE)
        self._steps = make_steps(trainee, setup.config.recipe, setup.facts)
        self._steps.compile(size)
        self._steps.begin(setup.config.recipe.learning_rate)
        starts = range(0, len(setup.x), size)
        self._batches = [(setup.x[start : start + size], setup.y[start : start + size]) for start in starts]
        self._allocator = open_allocator(setup.facts.name)

    def train_bare(self) -> None:
        """Run the steps only."""
        for x, y in self._batches:
            self._steps.train(self._steps.place(x), self._steps.place(y))

    def train_measured(self, monitor: Monitor) -> None:
        """Run the steps with every instrument."""
        from densebench.training.epoch_record import Measured, make_record
        from densebench.training.epoch_totals import EpochTotals
        from densebench.training.watch import Watch

        events: list[Any] = []
        watch = Watch(monitor=monitor, allocator=self._allocator, should_stop=lambda: None)
        totals = EpochTotals(epoch=1, steps=len(self._batches), clock=watch.clock, advice="")
        timer = EpochTimer(clock=watch.clock)
        watch.monitor.begin_epoch()
        timer.start()
        for step, (x, y) in enumerate(self._batches, 1):
            placed = self._steps.place(x), self._steps.place(y)
            timer.note_batch()
            result = self._steps.train(*placed)
            timer.note_step(len(y))
            events.append(totals.add(step, len(y), result))
            watch.should_stop()
        times, reading = timer.stop(), watch.monitor.end_epoch()
        events.append(make_record(Measured(times=times, reading=reading, allocated=watch.allocator.peak())))


def open_gpu_monitor(device_kind: str) -> Monitor:
    """The NVML monitor; of a fake GPU on a machine without one."""
    if device_kind == "gpu":
        return open_monitor(device_kind)
    fake = runpy.run_path(str(FAKE_NVML))
    card = fake["FakeCard"](compute={os.getpid(): 1})
    return open_monitor("gpu", find=lambda: FoundCard(nvml=fake["FakeNvml"](card), handle=card))


def measure(setup: Setup, rounds: int) -> list[Epoch]:
    """Train in every way once per round, in a rotating order, after a warm-up round."""
    loop, keras_fit = OwnLoop(setup), make_fit(setup)

    def train_with_monitor() -> tuple[float, float]:
        monitor = open_gpu_monitor(setup.facts.device_kind)
        monitor.start()
        try:
            return time_call(lambda: loop.train_measured(monitor))
        finally:
            monitor.stop()

    ways = [
        ("fit", lambda: time_call(keras_fit)),
        ("bare", lambda: time_call(loop.train_bare)),
        ("measured", train_with_monitor),
    ]
    epochs = []
    for number in range(rounds + 1):
        for way, run in ways[number % 3 :] + ways[: number % 3]:
            epochs.append(make_epoch(setup, number, way, run()))
    return [epoch for epoch in epochs if epoch.round > 0]


def time_call(run: Callable[[], object]) -> tuple[float, float]:
    """Call ``run``; returns wall time and CPU time in seconds."""
    start, cpu_start = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - start, time.process_time() - cpu_start


def make_epoch(setup: Setup, number: int, way: str, taken: tuple[float, float]) -> Epoch:
    """Make the row of one epoch."""
    size = setup.config.recipe.batch_size
    return Epoch(
        backend=setup.facts.name,
        version=setup.facts.version,
        cpu=read_cpu_model(),
        variant=setup.config.variant,
        batch_size=size,
        steps=len(setup.x) // size,
        round=number,
        way=way,
        seconds=taken[0],
        cpu_seconds=taken[1],
    )


def report(epochs: Sequence[Epoch]) -> None:
    """Print the median ratios of measured epochs to the others."""
    for reference in ("bare", "fit"):
        for clock in ("seconds", "cpu_seconds"):
            ratios = ratios_by_round(epochs, reference, clock)
            interval = estimate_median_interval(ratios)
            between = f", 95 % interval {interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
            print(f"measured / {reference}, {clock}: {statistics.median(ratios):.4f}{between} ({len(ratios)} rounds)")


def ratios_by_round(epochs: Sequence[Epoch], reference: str, clock: str) -> list[float]:
    """The measured epoch's time divided by the reference's, for each round."""
    taken = {(epoch.round, epoch.way): getattr(epoch, clock) for epoch in epochs}
    rounds = sorted({epoch.round for epoch in epochs})
    return [taken[number, "measured"] / taken[number, reference] for number in rounds]


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--variant", default="resnet20")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=16, help="steps per epoch")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    epochs = measure(prepare(given.backend, given.variant, given.batch_size, given.steps), given.rounds)
    write(epochs, given.output)
    report(epochs)


if __name__ == "__main__":
    main()
