"""The columns of a results file that describe the machine and the software."""

from dataclasses import dataclass
from typing import Annotated

from densebench.columns import About, Count, Number, Text


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The machine and the software that a run used."""

    device: Annotated[Text, About("Device", "text", "Name of the device used: the GPU, or the CPU.")] = None
    device_kind: Annotated[Text, About("Kind", "text", "cpu or gpu.")] = None
    gpu_name: Annotated[
        Text, About("GPU", "text", "Name of the GPU that NVML reports; empty for a run on the CPU.")
    ] = None
    gpu_uuid: Annotated[Text, About("GPU UUID", "text", "NVML's identifier of that GPU.")] = None
    gpu_memory_bytes: Annotated[
        Count, About("GPU memory", "bytes", "Total memory of that GPU.", "bytes", exact=True)
    ] = None
    gpu_max_clock_mhz: Annotated[
        Count, About("Max. clock", "count", "Highest clock of that GPU's multiprocessors.", "MHz", exact=True)
    ] = None
    gpu_power_limit_watts: Annotated[
        Number, About("Power limit", "number", "Power limit that the driver enforces.", "W", exact=True)
    ] = None
    device_list: Annotated[
        Text, About("Device list", "text", "Every device that computed, host by host; separated by '; '.")
    ] = None
    driver: Annotated[Text, About("Driver", "text", "Version of the NVIDIA driver.")] = None
    cuda: Annotated[Text, About("CUDA", "text", "CUDA version that the framework uses.")] = None
    cudnn: Annotated[Text, About("cuDNN", "text", "cuDNN version that the framework uses.")] = None
    cpu: Annotated[Text, About("CPU", "text", "Model name of the processor.")] = None
    cpu_cores: Annotated[Count, About("Cores", "count", "CPU cores that the process may use.", exact=True)] = None
    cpu_quota: Annotated[
        Number, About("CPU quota", "number", "CPU limit of the control group, in cores.", exact=True)
    ] = None
    ram_bytes: Annotated[Count, About("RAM", "bytes", "Total memory of the host.", "bytes", exact=True)] = None
    malloc: Annotated[
        Text, About("malloc", "text", "kept: the C library reuses large buffers between steps; or default.")
    ] = None
    platform: Annotated[Text, About("Platform", "text", "Operating system and its version.")] = None
    python: Annotated[Text, About("Python", "text", "Version of Python.")] = None
    keras: Annotated[Text, About("Keras", "text", "Version of Keras.")] = None
    numpy: Annotated[Text, About("NumPy", "text", "Version of NumPy.")] = None
    backend_version: Annotated[Text, About("Backend version", "text", "Version of TensorFlow, JAX or PyTorch.")] = None
    densebench: Annotated[Text, About("densebench", "text", "Version of densebench.")] = None
    commit: Annotated[Text, About("Commit", "text", "Commit of densebench, with + if files were modified.")] = None
    host: Annotated[Text, About("Host", "text", "Short hash of the host name; identifies the machine.")] = None


# What times, memory and energy depend on beside what is run.
HARDWARE = (
    "device", "device_kind", "gpu_name", "gpu_memory_bytes", "gpu_power_limit_watts", "cpu", "cpu_cores", "cpu_quota",
    "threads",
)  # fmt: skip
