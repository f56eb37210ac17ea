"""Rehearses ``benchmarks/gpu.py`` in the folder that is the last argument, twice: the second call goes on."""

import subprocess
import sys
from pathlib import Path

from background import leave

GPU = Path(__file__).parents[1] / "benchmarks" / "gpu.py"

if __name__ == "__main__":
    folder = Path(sys.argv[-1])
    command = [sys.executable, str(GPU), "--rehearse", "--backends", "jax", "--output", str(folder / "gpu")]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    output = folder / "gpu" / "rehearsal"
    parts = (output / "parts.csv").read_bytes()
    second = subprocess.run([*command, "--stage", "2"], capture_output=True, text=True, check=True)
    leave(folder, "printed", first.stdout.encode())
    leave(folder, "printed again", second.stdout.encode())
    leave(folder, "parts", parts)
    for name in ("instruments.csv", "contenders.csv", "plan.csv"):
        leave(folder, name, (output / name).read_bytes())
