"""Measures the data pipeline on one core, without a network: ``python benchmarks/pipeline.py``.

Random 32x32 images in batches of 64 are shuffled, augmented and standardised as for training. It prints the median
images per second over the repetitions, by wall time and by CPU time (which differ on a shared machine), and writes
every repetition to the CSV given by ``--output``.
"""

import argparse
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sitting import write

from densebench.config import DataConfig
from densebench.data.batches import EvalBatches, TrainBatches, describe_augmentation
from densebench.data.datasets import load
from densebench.data.images import Dataset
from densebench.measuring.host import read_cpu_model
from densebench.recipes import RECIPES

GOAL = 20_000  # images per second


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One pass over the images."""

    batches: str
    augmentation: str
    repetition: int
    images: int
    image_size: int
    batch_size: int
    seconds: float
    cpu_seconds: float
    images_per_second: float
    images_per_cpu_second: float
    core: int
    numpy: str
    python: str
    machine: str


def main() -> None:
    options = parse_options()
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    dataset = load(DataConfig(dataset="synthetic", train_limit=options.images, test_limit=options.images))
    measurements: list[Measurement] = []
    for repetition in range(options.repetitions + 1):  # interleaved, so that a slow minute affects all
        for name in (*RECIPES, "evaluation"):
            measurement = measure(dataset, name, options.batch_size, repetition, core)
            measurements += [measurement] if repetition else []  # the first repetition is a warm-up
    for name in (*RECIPES, "evaluation"):
        report(name, [each for each in measurements if each.batches == name])
    if options.output:
        write(measurements, options.output)
        print(f"Wrote {options.output}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def measure(dataset: Dataset, name: str, batch_size: int, repetition: int, core: int) -> Measurement:
    """Time one epoch of a recipe's batches, or one pass of the evaluation batches."""
    scale = {"mean": dataset.mean, "deviation": dataset.deviation, "batch_size": batch_size}
    if name == "evaluation":
        batches, augmentation = EvalBatches(dataset.test, **scale), "none"
        stream = iter(batches)
    else:
        recipe = RECIPES[name]
        augmentation = describe_augmentation(recipe, dataset.flip_allowed)
        train = TrainBatches(dataset.train, recipe=recipe, flip_allowed=dataset.flip_allowed, seed=0, **scale)
        stream = train.epoch(repetition + 1)
    begin, cpu_begin = time.perf_counter(), time.process_time()
    for _ in stream:
        pass
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    images = len(dataset.train.labels)
    return Measurement(
        batches=name,
        augmentation=augmentation,
        repetition=repetition,
        images=images,
        image_size=dataset.image_size,
        batch_size=batch_size,
        seconds=round(seconds, 6),
        cpu_seconds=round(cpu_seconds, 6),
        images_per_second=round(images / seconds, 1),
        images_per_cpu_second=round(images / cpu_seconds, 1),
        core=core,
        numpy=np.__version__,
        python=platform.python_version(),
        machine=read_cpu_model() or platform.machine(),
    )


def report(name: str, measurements: list[Measurement]) -> None:
    """Print the medians; CPU time excludes the time in which other processes used the core."""
    wall = statistics.median(each.images_per_second for each in measurements)
    cpu = statistics.median(each.images_per_cpu_second for each in measurements)
    print(
        f"{name:11}{measurements[0].augmentation:29}{wall:9,.0f} images per second, {cpu:9,.0f} per CPU second "
        f"(medians of {len(measurements)}), {wall / GOAL:.1f} times the goal"
    )


if __name__ == "__main__":
    main()
