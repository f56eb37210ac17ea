"""Where a TensorFlow step's time goes on a CPU: ``python benchmarks/operations.py --output operations.csv``.

TensorFlow's own profiler times every operation of some steps, on one thread and on ``--threads``, each in a process of
its own. On one thread the times add up to the step; on several, operations overlap, and so do their times.

Beside them stands the speed of memory, on the same threads: a sum of two tensors of 64 MiB, which reads two and writes
one. An operation as fast as that waits for memory, and a second thread cannot make it faster.
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
PROFILED = {"plain", "fast", "fast-recompute"}  # densebench's own on TensorFlow
SUMMED = 1 << 24  # float32 values: 64 MiB, more than a cache holds


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row of the CSV: all operations of one type in a step, means over the profiled ones."""

    contender: str
    variant: str
    batch_size: int
    threads: int
    step_seconds: float
    operation: str
    calls: float
    milliseconds: float  # added up over the threads
    memory_gigabytes_per_second: float
    cpu: str | None
    framework: str


def main() -> None:
    """Measure, print and write."""
    parser = paired.parser(__doc__, contenders="fast", baseline="fast", rounds=1, warm_up=3, steps=5)
    given = parser.parse_args()
    if not set(given.contenders.split(",")) <= PROFILED:
        raise SystemExit(f"only {', '.join(sorted(PROFILED))} can be profiled, and {given.contenders!r} has others")
    rows: list[Operation] = []
    for task in paired.settings(given):
        for threads in dict.fromkeys((1, given.threads)):
            own = run_child(replace(task, threads=threads))
            rows += own
            write(rows, given.output)
            report(own)


def run_child(task: Setting) -> list[Operation]:
    """A new process, because a framework's threads are set once."""
    rows = paired.answer(task.contender, __file__, "--child", json.dumps(asdict(task)))
    return [Operation(**row) for row in rows]


def profile(setting: Setting) -> list[Operation]:
    """The operations of ``setting.steps`` steps."""
    steps, _, facts = contender_densebench.ready(setting)
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
        for name, each in timed_operations(Path(directory)):
            milliseconds[name].append(each)
    speed = memory_speed()
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


def timed_operations(directory: Path) -> Iterator[tuple[str, float]]:
    """Type and milliseconds of every operation in the profile's events, which are called ``name:type``."""
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


def memory_speed() -> float:
    """Gigabytes a second of a sum of two tensors, the best of ten."""
    import tensorflow as tf

    x, y = tf.zeros(SUMMED), tf.ones(SUMMED)
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        tf.add(x, y)
        seconds.append(time.perf_counter() - start)
    return 3 * 4 * SUMMED / min(seconds) / 1e9


def report(rows: Sequence[Operation]) -> None:
    """The kinds of operations of one process."""
    first = rows[0]
    total = sum(row.milliseconds for row in rows)
    print(
        f"\n{first.contender} {first.variant} x {first.batch_size} on {first.threads} thread(s): "
        f"{first.step_seconds * 1e3:.0f} ms a step, its operations add up to {total:.0f} ms; "
        f"memory {first.memory_gigabytes_per_second:.0f} GB/s"
    )
    for kind in (*KINDS, "the rest"):
        own = [row for row in rows if kind_of(row.operation) == kind]
        spent = sum(row.milliseconds for row in own)
        print(f"{kind:36}{spent:8.1f} ms {spent / total:6.1%} {sum(row.calls for row in own):8.0f} operations")


def kind_of(operation: str) -> str:
    """The kind whose words the operation's type has."""
    return next((kind for kind, words in KINDS.items() if any(word in operation for word in words)), "the rest")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps([asdict(row) for row in profile(Setting(**json.loads(sys.argv[2])))]))
    else:
        main()
