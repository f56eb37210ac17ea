"""Everything about the machine and the software that decides a figure, read without importing a framework."""

import platform
from importlib import metadata
from typing import Protocol

from densebench.machine import Environment
from densebench.measuring.git_commit import find_commit
from densebench.measuring.gpu.monitor import ask_gpu
from densebench.measuring.gpu.nvml import GpuFacts
from densebench.measuring.host import hash_host, read_cpu_facts, read_ram_bytes
from densebench.measuring.malloc import MALLOC
from densebench.version import __version__

# One framework, several distributions: the first that is installed gives the version.
_DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu"),
    "keras": ("keras", "keras-nightly"),
}


class FrameworkFacts(Protocol):
    """What only the loaded framework knows."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str | None: ...
    @property
    def device_name(self) -> str | None: ...
    @property
    def device_kind(self) -> str: ...
    @property
    def cuda(self) -> str | None: ...
    @property
    def cudnn(self) -> str | None: ...


def probe(framework: FrameworkFacts | None = None) -> Environment:
    """The environment of this process; what could not be known is ``None``."""
    gpu = ask_gpu()
    return describe_environment(framework, gpu if isinstance(gpu, GpuFacts) else None)


def describe_environment(framework: FrameworkFacts | None, gpu: GpuFacts | None) -> Environment:
    """The environment around the given framework and GPU, which is left out if the framework computes on the CPU."""
    cpu = read_cpu_facts()
    on_cpu = framework is not None and framework.device_kind == "cpu"
    gpu = None if on_cpu else gpu  # a card that computed nothing
    named = framework.device_name if framework is not None else None
    return Environment(
        device=cpu.model if on_cpu else (gpu.name if gpu else None) or named,
        device_kind=framework.device_kind if framework else None,
        gpu_name=gpu.name if gpu else None,
        gpu_uuid=gpu.uuid if gpu else None,
        gpu_memory_bytes=gpu.memory_bytes if gpu else None,
        gpu_max_clock_mhz=gpu.max_clock_mhz if gpu else None,
        gpu_power_limit_watts=gpu.power_limit_watts if gpu else None,
        driver=gpu.driver if gpu else None,
        cuda=framework.cuda if framework else None,
        cudnn=framework.cudnn if framework else None,
        cpu=cpu.model,
        cpu_cores=cpu.cores,
        cpu_quota=cpu.quota,
        ram_bytes=read_ram_bytes(),
        malloc=MALLOC.large_buffers,
        platform=platform.platform(),
        python=platform.python_version(),
        keras=find_version("keras"),
        numpy=find_version("numpy"),
        backend_version=(framework.version or find_version(framework.name)) if framework else None,
        densebench=__version__,
        commit=find_commit(),
        host=hash_host(),
    )


def find_version(package: str) -> str | None:
    """Version of an installed package, without importing it; ``None`` if it is not installed."""
    for distribution in _DISTRIBUTIONS.get(package, (package,)):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None
