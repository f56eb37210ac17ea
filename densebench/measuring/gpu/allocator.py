"""Peak memory of the framework's allocator on the GPU.

The allocator's peak is the figure that compares networks: it counts the bytes that the network asked for, not what a
pool holds in reserve nor what others use. Each framework reports it in its own way, or not at all; then the figure is
``None`` and ``source`` says why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

NO_GPU = "no GPU: host_peak_bytes is the memory figure"


@dataclass(frozen=True, kw_only=True)
class GpuMemory:
    """What the framework's allocator says of the GPU, in bytes."""

    peak_bytes: int | None
    reserved_bytes: int | None
    source: str


class AllocatorMemory(Protocol):
    """The allocator of one backend on the GPU that it trains on."""

    def reset(self) -> bool:
        """Begin a new peak at what is allocated now; whether the framework can."""

    def peak(self) -> GpuMemory:
        """The peak since the process began or since :meth:`reset`; never raises."""


class NoGpuMemory:
    """A run on the CPU has no allocator peak."""

    def reset(self) -> bool:
        """Nothing to reset."""
        return False

    def peak(self) -> GpuMemory:
        """The reason for the empty figures."""
        return _explain_unknown_peak(NO_GPU)


class TensorFlowMemory:
    """``tf.config.experimental.get_memory_info``: what tensors took, not what the pool holds."""

    def __init__(self, tensorflow: Any, device: str = "GPU:0") -> None:
        self._config = tensorflow.config.experimental
        self._device = device

    def reset(self) -> bool:
        """Begin a new peak."""
        return _succeeds(lambda: self._config.reset_memory_stats(self._device))

    def peak(self) -> GpuMemory:
        """The peak; without statistics, as ``TF_GPU_ALLOCATOR=cuda_malloc_async`` may be, the reason."""
        call = "tf.config.experimental.get_memory_info"
        return _read_peak(call, lambda: (self._config.get_memory_info(self._device)["peak"], None))


class JaxMemory:
    """``Device.memory_stats()``: JAX never forgets a peak, so only a separate process gives a clean one."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def reset(self) -> bool:
        """JAX has no reset."""
        return False

    def peak(self) -> GpuMemory:
        """The peak; the reserve of the pool where the allocator is one."""
        return _read_peak("jax Device.memory_stats", self._read)

    def _read(self) -> tuple[int | None, int | None]:
        statistics = self._device.memory_stats() or {}
        return statistics.get("peak_bytes_in_use"), statistics.get("peak_pool_bytes")


class TorchMemory:
    """``torch.cuda.max_memory_allocated`` and ``max_memory_reserved``."""

    def __init__(self, torch: Any) -> None:
        self._cuda = torch.cuda

    def reset(self) -> bool:
        """Begin a new peak."""
        return _succeeds(self._cuda.reset_peak_memory_stats)

    def peak(self) -> GpuMemory:
        """The peak of tensors and of the caching allocator's segments."""
        call = "torch.cuda.max_memory_allocated"
        return _read_peak(call, lambda: (self._cuda.max_memory_allocated(), self._cuda.max_memory_reserved()))


def open_allocator(backend: str, index: int = 0) -> AllocatorMemory:
    """The allocator of a GPU of ``backend`` (tensorflow, jax or torch), whose framework must be set up already."""
    if backend == "tensorflow":
        import tensorflow

        gpus = tensorflow.config.list_physical_devices("GPU")
        return TensorFlowMemory(tensorflow, f"GPU:{index}") if gpus else NoGpuMemory()
    if backend == "jax":
        import jax

        device = jax.local_devices()[index]
        return JaxMemory(device) if device.platform != "cpu" else NoGpuMemory()
    import torch

    return TorchMemory(torch) if torch.cuda.is_available() else NoGpuMemory()


def _read_peak(call: str, read: Callable[[], tuple[int | None, int | None]]) -> GpuMemory:
    """What ``read`` returns, (peak, reserved), or why it cannot; a failed reading must not end a run."""
    try:
        peak, reserved = read()
    except Exception as error:
        return _explain_unknown_peak(f"{call} failed ({type(error).__name__})")
    # After a training step on the GPU a peak of 0 means that nothing was counted.
    if not peak:
        return _explain_unknown_peak(f"{call} has no peak: the allocator keeps no statistics")
    return GpuMemory(peak_bytes=peak, reserved_bytes=reserved or None, source=call)


def _explain_unknown_peak(reason: str) -> GpuMemory:
    """No figures, and the reason."""
    return GpuMemory(peak_bytes=None, reserved_bytes=None, source=reason)


def _succeeds(act: Callable[[], object]) -> bool:
    """Whether ``act`` ran without an error."""
    try:
        act()
    except Exception:
        return False
    return True
