"""Sets up TensorFlow, JAX or PyTorch: memory growth, threads, determinism, TF32. Each is imported here first."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from densebench.config import RunConfig
from densebench.measuring.host import count_usable_cores
from densebench.training.parallel.layout import ALONE, HEARTBEAT_SECONDS, MEETING_SECONDS, Layout
from densebench.training.parallel.meeting import meet_hosts


@dataclass(frozen=True, kw_only=True)
class Framework:
    """What a framework says of itself once it is set up."""

    version: str
    threads: int
    device_kind: Literal["cpu", "gpu"]
    device_name: str | None
    cuda: str | None
    cudnn: str | None
    tf32: bool  # whether the GPU computes in TF32 where that is allowed


def show_gpus(layout: Layout) -> None:
    """Show the framework the devices of this process alone: TensorFlow and JAX open contexts on all, of 500 MB each."""
    first = layout.local_rank * layout.local_devices
    mine = range(first, first + layout.local_devices)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(number) for number in mine] if visible is None else visible.split(",")[mine.start : mine.stop]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(names)


def set_up_tensorflow(config: RunConfig, layout: Layout = ALONE) -> Framework:
    """Memory growth, or NVML would show the whole card; TF32 as on the others."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if layout.devices > 1 and layout.hosts == 1 and not gpus:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * layout.devices)
    if config.threads is not None:
        _limit_tensorflow_threads(tf.config.threading, config.threads)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(True)
    build = tf.sysconfig.get_build_info()
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return Framework(
        version=tf.__version__,
        threads=config.threads or count_usable_cores() or 1,
        device_kind="gpu" if gpus else "cpu",
        device_name=details.get("device_name"),
        cuda=build.get("cuda_version") if gpus else None,
        cudnn=build.get("cudnn_version") if gpus else None,
        tf32=_has_tf32(details.get("compute_capability")),
    )


def _limit_tensorflow_threads(threading: Any, threads: int) -> None:
    """TensorFlow refuses to set them again once it runs, even to the same numbers."""
    if threading.get_intra_op_parallelism_threads() != threads:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)


def set_up_jax(config: RunConfig, layout: Layout = ALONE) -> Framework:
    """No preallocation, or NVML would show three quarters of the card; threads by XLA's own variable."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if config.threads is not None:
        os.environ["NPROC"] = str(config.threads)
    if config.deterministic:
        _add_xla_flag("--xla_gpu_deterministic_ops=true")
    if layout.local_devices > 1:
        _add_xla_flag(f"--xla_force_host_platform_device_count={layout.local_devices}")  # of a CPU
    import jax

    if layout.ranks > 1:
        _join_jax_hosts(jax, layout)
    device = jax.local_devices()[0]
    on_gpu = device.platform != "cpu"
    cuda = _read_cuda_version(device.client.platform_version) if on_gpu else None
    capability = str(getattr(device, "compute_capability", "")) if on_gpu else ""
    return Framework(
        version=jax.__version__,
        threads=config.threads or count_usable_cores() or 1,
        device_kind="gpu" if on_gpu else "cpu",
        device_name=device.device_kind if on_gpu else None,
        cuda=cuda,
        cudnn=_find_version(f"nvidia-cudnn-cu{cuda.partition('.')[0]}") if cuda else None,
        tf32=_has_tf32([int(part) for part in re.findall(r"\d+", capability)]),
    )


def _add_xla_flag(flag: str) -> None:
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()


def _join_jax_hosts(jax: Any, layout: Layout) -> None:
    """Before anything asks for a device; the devices are this process's alone, also where SLURM would say otherwise.

    Where all addresses are known, the hosts meet first: JAX's own waiting names none of them, and ends by SIGABRT.
    """
    if len(layout.addresses) == layout.hosts:
        meet_hosts(layout)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM, which is ours to answer
    jax.distributed.initialize(
        layout.addresses[0],
        num_processes=layout.ranks,
        process_id=layout.rank,
        local_device_ids=list(range(layout.local_devices)),
        coordinator_bind_address=layout.addresses[0],  # else it listens on every interface
        initialization_timeout=MEETING_SECONDS,
        heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
    )


def set_up_torch(config: RunConfig, layout: Layout = ALONE) -> Framework:
    """TF32 and cuDNN's choice of algorithms as TensorFlow and JAX have them."""
    if config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic with it only
    import torch

    if config.threads is not None:
        torch.set_num_threads(config.threads)
    elif layout.devices > 1:  # each has a process of its own
        torch.set_num_threads(max((count_usable_cores() or 1) // layout.devices, 1))
    torch.use_deterministic_algorithms(config.deterministic)
    torch.backends.cudnn.benchmark = not config.deterministic
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    on_gpu = torch.cuda.is_available()
    return Framework(
        version=torch.__version__,
        threads=torch.get_num_threads(),
        device_kind="gpu" if on_gpu else "cpu",
        device_name=torch.cuda.get_device_name() if on_gpu else None,
        cuda=torch.version.cuda if on_gpu else None,
        cudnn=_format_cudnn(torch.backends.cudnn.version()) if on_gpu else None,
        tf32=_has_tf32(torch.cuda.get_device_capability() if on_gpu else None),
    )


def _format_cudnn(number: int | None) -> str | None:
    """91002 -> 9.10.2"""
    return None if number is None else f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _has_tf32(capability: Sequence[int] | None) -> bool:
    """TF32 came with compute capability 8.0 (CUDA C++ Programming Guide); NVIDIA's libraries heed the variable."""
    has_it = capability is not None and tuple(capability) >= (8, 0)
    return has_it and os.environ.get("NVIDIA_TF32_OVERRIDE") != "0"


def _read_cuda_version(platform: str) -> str | None:
    """``cuda 12090``, as JAX's client calls what it runs on, which need not be a wheel's -> 12.9"""
    number = re.search(r"\bcuda (\d+)", platform, re.IGNORECASE)
    return f"{int(number[1]) // 1000}.{int(number[1]) // 10 % 100}" if number else None


def _find_version(package: str) -> str | None:
    """Of the wheel that brings it to JAX; ``None`` where it comes with the system."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
