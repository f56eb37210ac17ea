"""Everything that is to be seen on a GPU, in stages of nine minutes that go on where they were stopped.

    python benchmarks/gpu.py --stage 1 --output gpu --data-dir DATA

1  the instruments: ``env``, allocators against NVML, energy, clocks, TF32, an out-of-memory that becomes a row
2  ``speed`` of the blog series' networks: backends, precisions, ``plain`` and ``fast``, compiled or not
3  against networks written by hand in PyTorch (eager, ``torch.compile``) and JAX, at two batch sizes, by
   ``side_by_side.py``
4  memory with and without ``--recompute``
5  a training of 100x12 with the recipe ``short`` in bfloat16, on PyTorch if that is among the backends, which goes on
   in the next call
6  ``plan`` against what that training cost

Each part has its own process, time limit and row in ``parts.csv``, whatever comes of it. Figures are written as they
come: ``environment.json``, ``instruments.csv``, ``contenders.csv``, ``plan.csv``, and results files in ``speed``,
``memory``, ``training`` and ``plan``, for ``densebench compare``. A second call with the same output skips what is
done and tries the rest. ``DATA`` holds ``cifar10-images``, a folder of ``train`` and ``test``, or that as ``.tar.gz``;
without it the training is on synthetic images. ``--rehearse`` goes through all stages on any machine, in one to
three minutes, with a tiny network and one part of each kind: its figures mean nothing, and are in ``rehearsal`` in the
output. On a CPU the checks of a GPU fail there, and nothing is large enough to run out of memory.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from gpu_parts import PartRow, run_stage
from gpu_scale import REHEARSAL, Asked, Scale
from gpu_stages import STAGES, list_parts
from gpu_training import find_dataset

from densebench.measuring.gpu.monitor import NoGpu, ask_gpu

BACKENDS = ("jax", "torch", "tensorflow")
LIMIT_SECONDS = 540.0


def main() -> int:
    """Parse the options and run the stages; no part that fails changes the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", default="all", choices=[*map(str, STAGES), "all"], help="%(default)s")
    parser.add_argument("--backends", default="jax,torch", help=f"some of {', '.join(BACKENDS)}; %(default)s")
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds of each stage; %(default)s")
    parser.add_argument("--data-dir", type=Path, help="where cifar10-images lies")
    parser.add_argument("--rehearse", action="store_true", help="tiny networks, on any machine")
    parser.add_argument("--output", type=Path, required=True, help="folder for everything")
    given = parser.parse_args()
    backends = tuple(given.backends.split(","))
    if unknown := sorted(set(backends) - set(BACKENDS)):
        parser.error(f"unknown backend {unknown[0]!r}: choose from {', '.join(BACKENDS)}")
    if not given.limit > 0:
        parser.error(f"--limit {given.limit:g} must be above 0")
    if given.output.exists() and not given.output.is_dir():
        parser.error(f"--output {given.output} is a file: name a folder")
    gpu = ask_gpu()
    if isinstance(gpu, NoGpu) and not given.rehearse:
        parser.error(
            f"there is no NVIDIA GPU to measure ({gpu.reason}): --rehearse goes through all of it on any machine"
        )
    asked = Asked(
        output=(given.output / "rehearsal" if given.rehearse else given.output).resolve(),
        backends=backends,
        data_dir=given.data_dir,
        scale=REHEARSAL if given.rehearse else Scale(),
    )
    try:
        asked.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--output {given.output} cannot be made ({error.strerror}): name another folder")
    try:
        for stage in STAGES if given.stage == "all" else [int(given.stage)]:
            run_and_print(stage, asked, given.limit)
    except KeyboardInterrupt:
        print("Stopped: the same command goes on with the part that was stopped.", file=sys.stderr)
        return 130
    return 0


def run_and_print(stage: int, asked: Asked, limit: float) -> None:
    """Run a stage; a line a part, then how many parts have come to what."""
    parts = list_parts(stage, asked)
    print(f"\nStage {stage}, at most {limit:.0f} s", flush=True)
    if stage == 5 and find_dataset(asked) == "synthetic":
        print("No cifar10-images: the training is on synthetic images, and its accuracy means nothing.", flush=True)
    counts: Counter[str] = Counter()  # by status
    for row in run_stage(stage, parts, asked.output, limit):
        counts[row.status] += 1
        if row.status != "not reached":
            print(describe(row), flush=True)
    counts["done before"] = len(parts) - counts.total()
    words = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    print(f"Stage {stage}: {words}; {asked.output / 'parts.csv'}", flush=True)


def describe(row: PartRow) -> str:
    """One line for a part."""
    return f"{row.status:11}{row.seconds:7.1f} s  {row.part}{': ' if row.result else ''}{row.result}"


if __name__ == "__main__":
    sys.exit(main())
