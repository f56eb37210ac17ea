"""Profiles PyTorch steps on a CPU: ``python benchmarks/operations_torch.py --output operations-torch.csv``.

PyTorch's profiler times every operation of several steps, without those that it calls, on one thread, where the times
add up to the step's. The first step is among them; an eager step has nothing to compile.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import contender
import paired
from sitting import Setting, write

from densebench.measuring.host import read_cpu_model

KINDS = {
    "convolutions": ("aten::convolution_backward", "aten::mkldnn_convolution", "aten::convolution"),
    "batch normalisation": ("aten::native_batch_norm", "aten::native_batch_norm_backward"),
    "ReLU and its gradient": ("aten::threshold_backward", "aten::clamp_min_", "aten::relu_", "aten::relu"),
    "concatenating, splitting, summing": ("aten::cat", "aten::add", "aten::add_", "aten::copy_"),
    "statistics of parts": ("aten::sum", "aten::mse_loss", "aten::var_mean", "aten::mean"),
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row of the CSV: all operations of one type in a step, averaged over the steps."""

    contender: str
    variant: str
    batch_size: int
    precision: str
    operation: str
    calls: float
    milliseconds: float
    cpu: str | None
    framework: str


def main() -> None:
    """Parse the options, measure, print and write the results."""
    usual = "torch-eager-malloc,keras-torch-fast"
    parser = paired.make_parser(__doc__, contenders=usual, baseline=usual, rounds=1, warm_up=0, steps=4)
    given = parser.parse_args()
    rows: list[Operation] = []
    for task in paired.list_settings(given):
        found = paired.run_python(task.contender, __file__, "--child", json.dumps(asdict(replace(task, threads=1))))
        rows += [Operation(**row) for row in found]
        write(rows, given.output)
        report([row for row in rows if row.contender == task.contender])


def profile(setting: Setting) -> list[Operation]:
    """Profile all steps of the contender."""
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        contender.run(setting)
    steps = 1 + setting.warm_up + setting.steps
    rows = [
        Operation(
            contender=setting.contender,
            variant=setting.variant,
            batch_size=setting.batch_size,
            precision=setting.precision,
            operation=event.key,
            calls=event.count / steps,
            milliseconds=round(event.self_cpu_time_total / 1000 / steps, 4),
            cpu=read_cpu_model(),
            framework=f"torch {torch.__version__}",
        )
        for event in profiler.key_averages()
    ]
    return sorted(rows, key=lambda row: -row.milliseconds)


def report(rows: Sequence[Operation]) -> None:
    """Print the time of each kind of operation."""
    total = sum(row.milliseconds for row in rows)
    print(f"\n{rows[0].contender} in {rows[0].precision}: operations add up to {total:.0f} ms per step")
    paired.report_kinds(rows, KINDS, find_kind)


def find_kind(operation: str) -> str:
    """The kind that an operation belongs to."""
    return next((kind for kind, names in KINDS.items() if operation in names), "other")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps([asdict(row) for row in profile(Setting(**json.loads(sys.argv[2])))]))
    else:
        main()
