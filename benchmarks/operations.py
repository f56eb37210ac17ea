"""Profiles a TensorFlow step on a CPU: ``python benchmarks/operations.py --output operations.csv``.

TensorFlow's profiler times every operation of several steps, on one thread and on ``--threads``, each in its own
process. On one thread the times add up to the step time; on several threads operations overlap.

For comparison, the memory bandwidth is measured with the same number of threads: a sum of two tensors of 64 MiB, which
reads two and writes one. An operation with that bandwidth waits for memory; a second thread cannot make it faster.
"""

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import contender_densebench
import paired
from sitting import LEARNING_RATE, Setting, write

from densebench.measuring.host import read_cpu_model

KINDS = {
    "convolutions": ("Conv2D",),
    "matrix products (1x1 convolutions)": ("MatMul",),
    "batch normalisation": ("FusedBatchNorm",),
    "ReLU's gradient": ("ReluGrad",),
    "concatenating, splitting, summing": ("Concat", "Split", "AddN", "AddV2", "StridedSlice", "Pad", "Transpose"),
}
PROFILED = {"plain", "fast", "fast-recompute"}  # densebench on TensorFlow
SUMMED = 1 << 24  # float32 values: 64 MiB, larger than the caches


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row of the CSV: all operations of one type in a step, averaged over the profiled steps."""

    contender: str
    variant: str
    batch_size: int
    threads: int
    step_seconds: float
    operation: str
    calls: float
    milliseconds: float  # summed over the threads
    memory_gigabytes_per_second: float
    cpu: str | None
    framework: str


def main() -> None:
    """Parse the options, measure, print and write the results."""
    parser = paired.make_parser(__doc__, contenders="fast", baseline="fast", rounds=1, warm_up=3, steps=5)
    given = parser.parse_args()
    if not set(given.contenders.split(",")) <= PROFILED:
        raise SystemExit(f"only {', '.join(sorted(PROFILED))} can be profiled, not {given.contenders!r}")
    rows: list[Operation] = []
    for task in paired.list_settings(given):
        for threads in dict.fromkeys((1, given.threads)):
            own = run_child(replace(task, threads=threads))
            rows += own
            write(rows, given.output)
            report(own)


def run_child(task: Setting) -> list[Operation]:
    """Profile in a new process, because a framework's number of threads can be set only once."""
    rows = paired.run_python(task.contender, __file__, "--child", json.dumps(asdict(task)))
    return [Operation(**row) for row in rows]


def profile(setting: Setting) -> list[Operation]:
    """Profile ``setting.steps`` steps."""
    steps, _, facts = contender_densebench.prepare(setting)
    import tensorflow as tf

    batches = setting.batches()
    steps.compile(setting.batch_size)
    steps.begin(LEARNING_RATE)
    for x, y in batches[: -setting.steps]:
        steps.train(steps.place(x), steps.place(y))
    with tempfile.TemporaryDirectory() as directory:
        with tf.profiler.experimental.Profile(directory):
            start = time.perf_counter()
            for x, y in batches[-setting.steps :]:
                steps.train(steps.place(x), steps.place(y))
            seconds = time.perf_counter() - start
        milliseconds: dict[str, list[float]] = defaultdict(list)
        for name, each in read_operations(Path(directory)):
            milliseconds[name].append(each)
    speed = measure_memory_speed()
    return [
        Operation(
            contender=setting.contender,
            variant=setting.variant,
            batch_size=setting.batch_size,
            threads=setting.threads,
            step_seconds=round(seconds / setting.steps, 6),
            operation=name,
            calls=len(times) / setting.steps,
            milliseconds=round(sum(times) / setting.steps, 4),
            memory_gigabytes_per_second=round(speed, 2),
            cpu=read_cpu_model(),
            framework=f"keras {facts.keras}, tensorflow {facts.version}",
        )
        for name, times in sorted(milliseconds.items(), key=lambda item: -sum(item[1]))
    ]


def read_operations(directory: Path) -> Iterator[tuple[str, float]]:
    """Yield type and milliseconds of every operation in the profile, whose events are named ``name:type``."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    (path,) = directory.rglob("*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    for plane in space.planes:
        if plane.name != "/host:CPU":
            continue
        for line in plane.lines:
            for event in line.events:
                name, separator, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if separator and not name.endswith(":") and kind.strip() == kind and "__inference" not in kind:
                    yield kind, event.duration_ps / 1e9


def measure_memory_speed() -> float:
    """Memory bandwidth of a sum of two tensors in GB/s, best of ten."""
    import tensorflow as tf

    x, y = tf.zeros(SUMMED), tf.ones(SUMMED)
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        tf.add(x, y)
        seconds.append(time.perf_counter() - start)
    return 3 * 4 * SUMMED / min(seconds) / 1e9


def report(rows: Sequence[Operation]) -> None:
    """Print the time of each kind of operation in one process."""
    first = rows[0]
    total = sum(row.milliseconds for row in rows)
    print(
        f"\n{first.contender} {first.variant} x {first.batch_size} on {first.threads} thread(s): "
        f"{first.step_seconds * 1e3:.0f} ms per step, its operations add up to {total:.0f} ms; "
        f"memory {first.memory_gigabytes_per_second:.0f} GB/s"
    )
    paired.report_kinds(rows, KINDS, find_kind)


def find_kind(operation: str) -> str:
    """The kind that an operation's type belongs to."""
    return next((kind for kind, words in KINDS.items() if any(word in operation for word in words)), "other")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps([asdict(row) for row in profile(Setting(**json.loads(sys.argv[2])))]))
    else:
        main()
