"""The values that ``paired.py`` and its child processes exchange: a contender's setting and its measurement."""

import csv
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psutil
from numpy.typing import NDArray

from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.host import read_cpu_model, read_host_peak_bytes
from densebench.models.cost import count
from densebench.models.variants import find

SIDE, CLASSES = 32, 10
WARM_UP = 5  # untimed calls of a repeated function
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 1e-4  # the recipe of the blog series
TURN = "DENSEBENCH_TURN"  # the variable with the folder by which side_by_side.py says whose turn it is
DIFFERENT = 4  # batches, where the number of steps is not known before
Batches = list[tuple[NDArray[np.float32], NDArray[np.int32]]]
Step = Callable[[NDArray[np.float32], NDArray[np.int32]], object]


def split_contender(text: str) -> tuple[str, str]:
    """``fast@mixed_bfloat16`` in its name and its precision, which is empty where it has none of its own."""
    name, _, precision = text.partition("@")
    return name, precision


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What one contender runs in one round."""

    contender: str
    round: int
    variant: str
    batch_size: int
    threads: int
    precision: str
    warm_up: int  # further steps that are not timed
    steps: int
    seconds: float = 0.0  # that the timed steps take at least, after a warm-up of two thirds of that

    @property
    def name(self) -> str:
        """What runs: the contender without a precision of its own."""
        return split_contender(self.contender)[0]

    def batches(self) -> Batches:
        """Random images (batch, 32, 32, 3) and labels (batch,), one pair per step."""
        return self._draw(1 + self.warm_up + self.steps)

    def _draw(self, count: int) -> Batches:
        random = np.random.default_rng(0)
        shape = (self.batch_size, SIDE, SIDE, 3)
        return [
            (random.standard_normal(shape, dtype=np.float32), random.integers(CLASSES, size=shape[0], dtype=np.int32))
            for _ in range(count)
        ]

    def run(self, step: Step, marks: "Marks", memory: StepMemory) -> None:
        """The first step, the warm-up and the timed steps, each over when ``step`` returns.

        A GPU's clock takes a second and more to reach its height, so there both phases are given seconds.
        """
        count = 1 + self.warm_up + self.steps
        batches = itertools.cycle(self._draw(min(count, DIFFERENT) if self.seconds else count))
        phases = ((1, 0.0), (self.warm_up, self.seconds * 2 / 3), (self.steps, self.seconds))
        for steps, seconds in phases:
            first = marks.timed_from = len(marks.wall) - 1
            while len(marks.wall) - 1 - first < steps or marks.wall[-1] - marks.wall[first] < seconds:
                memory.begin_step(self.batch_size)
                step(*next(batches))
                marks.mark()
                memory.end_step(self.batch_size)
            if len(marks.wall) == 2 and wait_for_turn():
                marks.mark()  # the wait is no step


def wait_for_turn() -> bool:
    """After the first step, wait until no other contender is timed; whether there was anything to wait for."""
    if not (given := os.environ.get(TURN)):
        return False
    folder = Path(given)
    (folder / "ready").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    return True


@dataclass(kw_only=True)
class Marks:
    """Wall and CPU clocks at the start of the first step, before tracing, and at the end of every step."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    untraced_bytes: int | None = None  # resident at the start
    base_bytes: int | None = None  # resident just before the first step, including its graph if traced before
    timed_from: int | None = None  # index of the mark at which the timed steps begin; None: as many as were asked

    def begin(self) -> None:
        """Record the start, before anything is traced."""
        self.untraced_bytes = self.base_bytes = psutil.Process().memory_info().rss
        self.mark()

    def traced(self) -> None:
        """Record the memory between tracing and the first step, if they are separate."""
        self.base_bytes = psutil.Process().memory_info().rss

    def mark(self) -> None:
        """Record the end of a step."""
        self.wall.append(time.perf_counter())
        self.cpu.append(time.process_time())


class Facts(Protocol):
    """The device that computed."""

    @property
    def device_kind(self) -> str: ...
    @property
    def device_name(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a contender reports after its steps."""

    marks: Marks
    params: int
    framework: str  # name and version
    device: str = "cpu"
    build_seconds: float
    trace_seconds: float | None = None
    traces: int | None = None
    graph_nodes: int | None = None
    peak_bytes: int | None  # of the allocator on a GPU, else of the process
    memory_source: str


def measure_outcome(facts: Facts, marks: Marks, memory: StepMemory, **described: Any) -> Outcome:
    """What was measured, with the memory of the device that computed."""
    peak = memory.peak()
    on_gpu = facts.device_kind == "gpu"
    return Outcome(
        marks=marks,
        device=facts.device_name or "cpu",
        peak_bytes=peak.peak_bytes if on_gpu else read_host_peak_bytes(),
        memory_source=peak.source if on_gpu else "VmHWM",
        **described,
    )


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A row of the CSV: one contender in one round."""

    contender: str
    round: int
    variant: str
    batch_size: int
    threads: int
    precision: str
    device: str
    steps: int
    build_seconds: float
    trace_seconds: float | None
    traces: int | None
    graph_nodes: int | None
    first_step_seconds: float  # tracing and compiling included
    step_seconds_median: float
    step_cpu_seconds_median: float
    images_per_second: float
    peak_bytes: int | None
    base_bytes: int | None  # of the process; empty on a GPU, whose peak has no such base
    untraced_bytes: int | None
    memory_source: str
    step_seconds: str  # every timed step
    load_average: float  # over the last minute, at the end of the steps
    cpu: str | None
    framework: str
    python: str


def check_params(setting: Setting, params: int) -> None:
    """Exit unless the contender's network has as many parameters as densebench's."""
    wanted = count(find(setting.variant), classes=CLASSES, image_size=SIDE).params
    if params != wanted:
        raise SystemExit(
            f"{setting.contender}: {params:,} parameters, but densebench's {setting.variant} has {wanted:,}"
        )


def make_measurement(setting: Setting, outcome: Outcome) -> Measurement:
    """Make a contender's row, after checking its network."""
    check_params(setting, outcome.params)
    marks = outcome.marks
    start = len(marks.wall) - 1 - setting.steps if marks.timed_from is None else marks.timed_from
    seconds = differences(marks.wall[start:])
    on_gpu = outcome.device != "cpu"
    median = statistics.median(seconds)
    return Measurement(
        contender=setting.contender,
        round=setting.round,
        variant=setting.variant,
        batch_size=setting.batch_size,
        threads=setting.threads,
        precision=setting.precision,
        device=outcome.device,
        steps=len(seconds),
        build_seconds=round(outcome.build_seconds, 4),
        trace_seconds=None if outcome.trace_seconds is None else round(outcome.trace_seconds, 4),
        traces=outcome.traces,
        graph_nodes=outcome.graph_nodes,
        first_step_seconds=round(marks.wall[1] - marks.wall[0], 4),
        step_seconds_median=round(median, 6),
        step_cpu_seconds_median=round(statistics.median(differences(marks.cpu[start:])), 6),
        images_per_second=round(setting.batch_size / median, 3),
        peak_bytes=outcome.peak_bytes,
        base_bytes=None if on_gpu else marks.base_bytes,
        untraced_bytes=None if on_gpu else marks.untraced_bytes,
        memory_source=outcome.memory_source,
        step_seconds=" ".join(f"{each:.6f}" for each in seconds),
        load_average=os.getloadavg()[0],
        cpu=read_cpu_model(),
        framework=outcome.framework,
        python=platform.python_version(),
    )


def differences(values: Sequence[float]) -> list[float]:
    """The difference from each value to the next."""
    return [after - before for before, after in itertools.pairwise(values)]


def time_repeatedly(
    call: Callable[[], object], seconds: float, wait: Callable[[], object] = lambda: None
) -> list[float]:
    """Seconds of each call, repeated for ``seconds`` in total after a warm-up.

    ``wait`` returns when the device is done; a CPU is when ``call`` returns.
    """
    for _ in range(WARM_UP):
        call()
    wait()
    times: list[float] = []
    while sum(times) < seconds:
        start = time.perf_counter()
        call()
        wait()
        times.append(time.perf_counter() - start)
    return times


def find_tensorflow_wait() -> Callable[[], object]:
    """What waits for TensorFlow's device."""
    import tensorflow as tf

    return tf.test.experimental.sync_devices if tf.config.list_physical_devices("GPU") else lambda: None


def write(rows: Sequence[Any], path: Path) -> None:
    """Write dataclasses of one type as a CSV."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[each.name for each in fields(rows[0])])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def block_depths(variant: str) -> tuple[int, ...]:
    """Bottlenecks in each dense block of a DenseNet-BC: from the series' table, or three equal blocks."""
    series = {
        "121x32": (6, 12, 24, 16),
        "169x32": (6, 12, 32, 32),
        "201x32": (6, 12, 48, 32),
        "161x48": (6, 12, 36, 24),
    }
    return series.get(variant) or ((int(variant.split("x", maxsplit=1)[0]) - 4) // 6,) * 3


def growth_rate(variant: str) -> int:
    """The growth rate in a variant's name: 12 in ``100x12``."""
    return int(variant.split("x")[1])


def format_spread(values: Sequence[float]) -> str:
    """Median, minimum and maximum, such as ``1.52 (1.47 to 1.60)``."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def by_contender(rows: Sequence[Measurement]) -> Iterator[tuple[str, list[Measurement]]]:
    """Yield the rows of each contender, in the order of their first run."""
    for name in dict.fromkeys(row.contender for row in rows):
        yield name, [row for row in rows if row.contender == name]
