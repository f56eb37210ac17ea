"""Measures the data pipeline without a network: ``python benchmarks/pipeline.py --threads 1,2``.

Random 32x32 images in batches of 64 are shuffled, augmented and standardised as for training, by each number of threads
on as many cores. It prints the median images per second over the repetitions, by wall time and by CPU time (which
differ on a shared machine), and writes every repetition to the CSV given by ``--output``. What several threads bring is
the median of the ratios to one thread in the same repetition.
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
from densebench.measuring.malloc import keep_large_buffers
from densebench.recipes import RECIPES


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One pass over the images."""

    batches: str
    augmentation: str
    threads: int
    repetition: int
    images: int
    image_size: int
    batch_size: int
    seconds: float
    cpu_seconds: float
    images_per_second: float
    images_per_cpu_second: float
    cores: str
    numpy: str
    python: str
    machine: str


def main() -> None:
    options = parse_options()
    keep_large_buffers()  # as a run does
    usable = sorted(os.sched_getaffinity(0))
    dataset = load(DataConfig(dataset="synthetic", train_limit=options.images, test_limit=options.images))
    measurements: list[Measurement] = []
    for repetition in range(options.repetitions + 1):  # interleaved, so that a slow minute affects all
        for name, threads in list_cases(options.threads):
            measurement = measure(dataset, name, options.batch_size, repetition, usable[:threads], threads)
            measurements += [measurement] if repetition else []  # the first repetition is a warm-up
    for name, threads in list_cases(options.threads):
        report(name, threads, measurements)
    if options.output:
        write(measurements, options.output)
        print(f"Wrote {options.output}")


def list_cases(threads: list[int]) -> list[tuple[str, int]]:
    """(batches, threads) of every case; the images of an evaluation are made by one thread only."""
    return [*((name, count) for name in RECIPES for count in threads), ("evaluation", 1)]


def read_threads(text: str) -> list[int]:
    """``"1,2"``: the numbers of threads to measure with; raises :class:`ValueError` for one that is none."""
    threads = [int(part) for part in text.split(",")]
    if min(threads) < 1:
        raise ValueError(text)
    return threads


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--threads", type=read_threads, default=[1])
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def measure(
    dataset: Dataset, name: str, batch_size: int, repetition: int, cores: list[int], threads: int
) -> Measurement:
    """Time one epoch of a recipe's batches, or one pass of the evaluation batches, on these cores."""
    os.sched_setaffinity(0, cores)
    scale = {"mean": dataset.mean, "deviation": dataset.deviation, "batch_size": batch_size}
    if name == "evaluation":
        batches, augmentation = EvalBatches(dataset.test, **scale), "none"
        stream = iter(batches)
    else:
        recipe = RECIPES[name]
        augmentation = describe_augmentation(recipe, dataset.flip_allowed)
        train = TrainBatches(
            dataset.train, recipe=recipe, flip_allowed=dataset.flip_allowed, seed=0, threads=threads, **scale
        )
        stream = train.epoch(repetition + 1)
    begin, cpu_begin = time.perf_counter(), time.process_time()
    for _ in stream:
        pass
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    images = len(dataset.train.labels)
    return Measurement(
        batches=name,
        augmentation=augmentation,
        threads=threads,
        repetition=repetition,
        images=images,
        image_size=dataset.image_size,
        batch_size=batch_size,
        seconds=round(seconds, 6),
        cpu_seconds=round(cpu_seconds, 6),
        images_per_second=round(images / seconds, 1),
        images_per_cpu_second=round(images / cpu_seconds, 1),
        cores=" ".join(map(str, cores)),
        numpy=np.__version__,
        python=platform.python_version(),
        machine=read_cpu_model() or platform.machine(),
    )


def report(name: str, threads: int, measurements: list[Measurement]) -> None:
    """Print the medians; CPU time excludes the time in which other processes used the cores."""
    own = [each for each in measurements if (each.batches, each.threads) == (name, threads)]
    wall = statistics.median(each.images_per_second for each in own)
    cpu = statistics.median(each.images_per_cpu_second for each in own)
    alone = {
        each.repetition: each.images_per_second for each in measurements if (each.batches, each.threads) == (name, 1)
    }
    what = f"{name:11}{own[0].augmentation:29}{threads} thread{' ' if threads == 1 else 's'}"
    rates = f"{wall:9,.0f} images per second, {cpu:9,.0f} per CPU second (medians of {len(own)})"
    print(what + rates + describe_gain(own, alone))


def describe_gain(own: list[Measurement], alone: dict[int, float]) -> str:
    """How many times as fast several threads are as one in the same repetition."""
    if own[0].threads == 1 or not alone:
        return ""
    return (
        f", {statistics.median(each.images_per_second / alone[each.repetition] for each in own):.2f} times one thread"
    )


if __name__ == "__main__":
    main()
