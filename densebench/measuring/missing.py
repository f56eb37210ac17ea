"""What stands in the way of a measurement on this machine, in sentences."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from densebench.config import BACKENDS
from densebench.measuring.environment import find_version
from densebench.measuring.gpu.monitor import NoGpu, ask_gpu
from densebench.measuring.gpu.nvml import GpuFacts
from densebench.measuring.host import CpuFacts, read_cpu_facts

_GPU_PACKAGES = {
    "tensorflow": "pip install 'densebench[cuda]'",
    "jax": "pip install 'densebench[jax-cuda13]', or 'densebench[jax-cuda12]' for an older driver",
    "torch": "install a build of PyTorch for CUDA that the driver supports",
}
_BUSY_BYTES = 256 * 2**20  # more than an idle card's driver and a login screen take


def list_missing(
    about_datasets: Sequence[str] = (), device_kinds: Mapping[str, str | None] | None = None
) -> tuple[str, ...]:
    """Each thing that is absent or in use, for ``densebench env``.

    The caller has the sentences about datasets, and knows on which kind of device each installed backend computes.
    """
    gpu = ask_gpu()
    return (
        *find_gpu_obstacles(gpu, os.getpid()),
        *(
            f"Backend {sentence}."
            for backend, kind in (device_kinds or {}).items()
            for sentence in find_unused_gpu(backend, kind or "unknown", gpu)
        ),
        *find_cpu_obstacles(read_cpu_facts()),
        *find_absent_backends(backend for backend in BACKENDS if find_version(backend) is None),
        *about_datasets,
    )


def find_gpu_obstacles(gpu: GpuFacts | NoGpu, own_pid: int) -> Iterator[str]:
    """No GPU, or a GPU that others use."""
    if isinstance(gpu, NoGpu):
        yield f"No GPU to measure on ({gpu.reason})."
        return
    seen = gpu.processes or ()
    others = [pid for pid in seen if pid != own_pid]
    in_use = f"{(gpu.used_bytes or 0) / 2**20:,.0f} MiB of its memory are in use"
    if others:
        yield f"The GPU is busy: {len(others)} other process{'' if len(others) == 1 else 'es'}, {in_use}."
    elif not seen and gpu.used_bytes is not None and gpu.used_bytes > _BUSY_BYTES:
        yield f"The GPU is busy: {in_use}, by processes that cannot be seen from here."


def find_unused_gpu(
    backend: str, device_kind: str, gpu: GpuFacts | NoGpu, environ: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """A GPU that the backend does not see, with what it needs; nothing where the user chose the CPU."""
    chosen = backend == "jax" and environ.get("JAX_PLATFORMS") == "cpu"
    if device_kind == "cpu" and isinstance(gpu, GpuFacts) and not chosen:
        card = gpu.name or "the GPU of this machine"
        yield f"{backend} computes on the CPU and does not see {card}: {_GPU_PACKAGES[backend]}"


def find_cpu_obstacles(cpu: CpuFacts) -> Iterator[str]:
    """A control group that allows less time than there are cores."""
    if cpu.quota is not None and cpu.cores is not None and cpu.quota < cpu.cores:
        yield f"A control group allows the time of {cpu.quota:g} cores, of which {cpu.cores} are visible."


def find_absent_backends(absent: Iterable[str]) -> Iterator[str]:
    """Backends that are not installed."""
    for backend in absent:
        yield f"Backend {backend} is not installed: {describe_installation(backend)}."


def describe_installation(backend: str) -> str:
    """The command that installs a backend, which is an extra of densebench of the same name."""
    return f"pip install 'densebench[{backend}]'"
