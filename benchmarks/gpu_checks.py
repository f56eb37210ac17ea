"""Checks the instruments on a GPU: ``python benchmarks/gpu_checks.py jax memory,tf32 --output instruments.csv``.

``facts``        what densebench's set-up of the backend finds
``memory``       a known array against the allocator's peak and NVML
``step_memory``  the peak with the search for algorithms, the peak of later steps, and what the compiler says
``tf32``         the error of a float32 product, against what ``tf32`` claims
``energy``       the counter against the integral of the sampled power, and the ramp of the clock, under load

Each figure is a row at once. Where there is no GPU, a row says so.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Literal

import contender_densebench
import numpy as np
from gpu_parts import append_row
from sitting import LEARNING_RATE, Setting

from densebench.config import RunConfig
from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.card_lookup import NoCardError, find_card
from densebench.measuring.gpu.energy import EnergyMeter
from densebench.measuring.gpu.nvml import Card, Gauge
from densebench.measuring.host import count_usable_cores

Agrees = Literal["yes", "no", "unknown"]
MIB = 2**20
INTERVAL_SECONDS = 0.1
THREADS = count_usable_cores() or 1  # TensorFlow keeps those of a process's first check
THROTTLED = 0x04 | 0x08 | 0x20 | 0x40 | 0x80  # nvml.h: power limit, hardware, heat, power supply


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A row of ``instruments.csv``."""

    check: str
    backend: str
    figure: str
    value: float | str | None
    expected: float | str | None = None
    agrees: Agrees = "unknown"
    note: str = ""


Readings = Iterator[Reading]


def compare(value: float | None, expected: float | None, tolerance: float) -> Agrees:
    """Whether a figure is within a fraction of what is expected."""
    if value is None or not expected:
        return "unknown"
    return "yes" if abs(value / expected - 1) <= tolerance else "no"


def check_facts(backend: str, scale: "Scale") -> Readings:
    """What a run on this machine would record."""
    facts = prepare(backend)
    for figure in ("version", "keras", "device_name", "cuda", "cudnn", "tf32", "jit", "implementation"):
        value = getattr(facts, figure)
        yield Reading(check="facts", backend=backend, figure=figure, value=None if value is None else str(value))
    kind = facts.device_kind
    on_gpu: Agrees = "yes" if kind == "gpu" else "no"
    yield Reading(check="facts", backend=backend, figure="device_kind", value=kind, expected="gpu", agrees=on_gpu)


def prepare(backend: str) -> Any:
    """The facts of the backend, set up as in a run's process."""
    from densebench.training.backends import backend as backends

    return backends.prepare(RunConfig(variant="resnet20", run="check", backend=backend, threads=THREADS))


def check_memory(backend: str, scale: "Scale") -> Readings:
    """An array of known size, after a small one that loads the libraries."""
    kept = [fill(backend, MIB)]
    allocator, card = open_allocator(backend), Card(find_card())
    before, peak_before = card.used_bytes.read(), allocator.peak().peak_bytes or 0
    kept.append(fill(backend, scale.array_bytes))
    after, peak = card.used_bytes.read(), allocator.peak()
    card.close()
    grown = None if peak.peak_bytes is None else peak.peak_bytes - peak_before
    seen = None if after is None or before is None else after - before
    for figure, value, note in (
        ("bytes that the allocator's peak grew", grown, peak.source),
        ("bytes that the card's memory grew by NVML", seen, f"NVML memory version {card.memory_version}"),
    ):
        yield Reading(
            check="memory",
            backend=backend,
            figure=figure,
            value=value,
            expected=scale.array_bytes,
            agrees=compare(value, scale.array_bytes, 0.05),
            note=note,
        )


def fill(backend: str, size: int) -> Any:
    """An array of ``size`` bytes that has been written on the device."""
    prepare(backend)
    import keras

    array = keras.ops.ones(size // 4)
    wait(backend, array)
    return array


def wait(backend: str, array: Any) -> None:
    """Until the device has finished ``array``."""
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
    elif backend == "jax":
        array.block_until_ready()
    else:
        array[:1].numpy()


def check_step_memory(backend: str, scale: "Scale") -> Readings:
    """Steps of a DenseNet: what the first one takes, what later ones take, and what the compiler says."""
    setting = Setting(
        contender=f"{'keras-' if backend == 'torch' else ''}{backend}-plain",
        round=1,
        variant=scale.network,
        batch_size=scale.batch_size,
        threads=THREADS,
        precision="float32",
        warm_up=0,
        steps=3,
    )
    steps, _, _ = contender_densebench.prepare(setting)
    allocator = open_allocator(backend)
    steps.compile(setting.batch_size)
    steps.begin(LEARNING_RATE)
    peaks = []
    for number, (x, y) in enumerate(setting.batches()):
        steps.train(steps.place(x), steps.place(y))
        peaks.append(allocator.peak())
        if number == 0:
            could_reset = allocator.reset()
    first, last = peaks[0], peaks[-1]
    note = last.source if could_reset else f"{last.source}; it cannot be reset"
    for figure, value, source in (
        ("peak of the first step", first.peak_bytes, first.source),
        ("peak of later steps", last.peak_bytes, note),
        ("bytes of the step by its compiler", steps.step_bytes(), "memory_analysis()"),
    ):
        yield Reading(check="step_memory", backend=backend, figure=figure, value=value, note=source)


def check_tf32(backend: str, scale: "Scale") -> Readings:
    """Relative error of a product of float32: about 1e-7 in whole precision, 3e-4 and more in TF32."""
    facts = prepare(backend)
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((scale.matrix, scale.matrix), dtype=np.float32) for _ in range(2))
    exact = left.astype(np.float64) @ right.astype(np.float64)
    import keras

    product = keras.ops.convert_to_numpy(keras.ops.matmul(left, right))
    error = float(np.linalg.norm(product - exact) / np.linalg.norm(exact))
    is_reduced = error > 2e-5
    yield Reading(
        check="tf32",
        backend=backend,
        figure="relative error of a float32 product",
        value=error,
        expected=f"tf32 {facts.tf32}",
        agrees="yes" if is_reduced == facts.tf32 else "no",
        note="computed in TF32" if is_reduced else "computed in whole float32",
    )


def check_energy(backend: str, scale: "Scale") -> Readings:
    """The card's energy and clock while it multiplies matrices."""
    prepare(backend)
    card = Card(find_card())
    product = make_product(backend, scale.load_matrix)
    yield from measure_load(backend, card, product, scale.energy_seconds, time.perf_counter)
    card.close()


def make_product(backend: str, side: int) -> Callable[[], None]:
    """Multiplies two matrices and waits for that."""
    import keras

    matrix = keras.ops.ones((side, side))
    multiply = keras.ops.matmul
    if backend == "jax":
        import jax

        multiply = jax.jit(multiply)
    return lambda: wait(backend, multiply(matrix, matrix))


def measure_load(
    backend: str, card: Card, work: Callable[[], None], seconds: float, clock: Callable[[], float]
) -> Readings:
    """Keep the card at ``work``: energy in two ways, and how its clock comes to its height."""
    counted = EnergyMeter(card.energy_joules, card.power_watts, clock)
    integrated = EnergyMeter(Gauge(_refuse), card.power_watts, clock)
    idle, maximum = card.clock_mhz.read(), card.max_clock_mhz.read()
    counted.begin()
    integrated.begin()
    start, clocks, reasons = clock(), list[tuple[float, int]](), list[int]()
    while (now := clock()) < start + seconds:
        while clock() < now + INTERVAL_SECONDS:
            work()
        integrated.sample()
        mhz, reason = card.clock_mhz.read(), card.clock_reasons.read()
        clocks += [] if mhz is None else [(clock() - start, mhz)]
        reasons += [] if reason is None else [reason]
    by_power, by_counter = integrated.end(), counted.end()
    reading = Reading(check="energy", backend=backend, figure="joules by the counter", value=by_counter.joules)
    yield replace(
        reading,
        expected=by_power.joules,
        agrees=compare(by_counter.joules, by_power.joules, 0.05),
        note=f"{by_counter.source}; expected: {by_power.source}",
    )
    settled = median(mhz for _, mhz in clocks) if clocks else None
    ramp = next((at for at, mhz in clocks if settled and mhz >= 0.98 * settled), None)
    throttled = sum(bool(reason & THROTTLED) for reason in reasons) / len(reasons) if reasons else None
    for figure, value in (
        ("idle clock, MHz", idle),
        ("highest clock, MHz", maximum),
        ("median clock under load, MHz", settled),
        ("seconds until the clock was within 2 % of that", ramp),
        ("share of samples that were throttled", throttled),
    ):
        yield replace(reading, check="clocks", figure=figure, value=value)


def _refuse() -> float:
    raise RuntimeError("the counter is left out, to integrate power beside it")


CHECKS: dict[str, Callable[[str, "Scale"], Readings]] = {
    "facts": check_facts,
    "memory": check_memory,
    "step_memory": check_step_memory,
    "tf32": check_tf32,
    "energy": check_energy,
}


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much each check takes."""

    array_bytes: int = 1024 * MIB
    network: str = "40x12"
    batch_size: int = 64
    matrix: int = 1024
    load_matrix: int = 8192
    energy_seconds: float = 30.0


TINY = Scale(array_bytes=MIB, network="10x4", batch_size=2, matrix=64, load_matrix=64, energy_seconds=0.3)


def main() -> None:
    """Parse the options and check; exits with 1 where a figure does not agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backend", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("checks", help=f"some of {', '.join(CHECKS)}")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--output", type=Path, required=True, help="the CSV")
    given = parser.parse_args()
    disagreeing = []
    for name in given.checks.split(","):
        try:
            for reading in CHECKS[name](given.backend, TINY if given.tiny else Scale()):
                append_row(given.output, reading)
                print(f"{reading.check} {reading.figure}: {reading.value} {reading.note}", flush=True)
                if reading.agrees == "no":
                    disagreeing.append(f"{reading.figure} is {reading.value} and not {reading.expected}")
        except NoCardError as reason:
            empty = Reading(check=name, backend=given.backend, figure="all", value=None, note=str(reason))
            append_row(given.output, empty)
            disagreeing.append(f"{name}: {reason}")
    if disagreeing:
        raise SystemExit("; ".join(disagreeing))


if __name__ == "__main__":
    main()
