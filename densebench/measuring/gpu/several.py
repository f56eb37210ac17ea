"""The GPUs of one run, whose figures become one: energy is of all, memory of the one that takes the most."""

from collections.abc import Sequence
from functools import partial

from densebench.measuring.gpu.allocator import NO_GPU, AllocatorMemory, GpuMemory, open_allocator
from densebench.measuring.gpu.card_lookup import find_card
from densebench.measuring.gpu.monitor import GpuReading, Monitor, NoGpu, ask_gpu, open_monitor
from densebench.measuring.host import hash_host


class _SeveralMonitors:
    """A monitor for each GPU."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self._monitors = monitors

    def start(self) -> None:
        """Begin to sample."""
        for monitor in self._monitors:
            monitor.start()

    def begin_epoch(self) -> None:
        """Start the epoch's clocks."""
        for monitor in self._monitors:
            monitor.begin_epoch()

    def end_epoch(self) -> GpuReading:
        """What the epoch cost on all of them."""
        return combine_readings([monitor.end_epoch() for monitor in self._monitors])

    def stop(self) -> None:
        """End sampling and leave NVML."""
        for monitor in self._monitors:
            monitor.stop()


class _SeveralAllocators:
    """The allocator of each GPU."""

    def __init__(self, allocators: Sequence[AllocatorMemory]) -> None:
        self._allocators = allocators

    def reset(self) -> bool:
        """Begin a new peak on all; whether all could."""
        could = [allocator.reset() for allocator in self._allocators]
        return all(could)

    def peak(self) -> GpuMemory:
        """That of the GPU with the largest."""
        return combine_peaks([allocator.peak() for allocator in self._allocators])


def combine_readings(readings: Sequence[GpuReading]) -> GpuReading:
    """Energy summed, memory of the fullest, clock of the slowest; what is unknown of one is unknown of all."""
    return GpuReading(
        process_peak_bytes=_find_largest([reading.process_peak_bytes for reading in readings]),
        device_peak_bytes=_find_largest([reading.device_peak_bytes for reading in readings]),
        memory_source=_join([reading.memory_source for reading in readings]),
        energy_joules=_sum([reading.energy_joules for reading in readings]),
        energy_source=_join([reading.energy_source for reading in readings]),
        clock_mhz=min((reading.clock_mhz for reading in readings if reading.clock_mhz is not None), default=None),
        warnings=tuple(dict.fromkeys(warning for reading in readings for warning in reading.warnings)),
    )


def combine_peaks(peaks: Sequence[GpuMemory]) -> GpuMemory:
    """The largest, or unknown where one is."""
    return GpuMemory(
        peak_bytes=_find_largest([peak.peak_bytes for peak in peaks]),
        reserved_bytes=_find_largest([peak.reserved_bytes for peak in peaks]),
        source=_join([peak.source for peak in peaks]),
    )


def _find_largest(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _join(sources: Sequence[str]) -> str:
    """What is the same for all is said once."""
    return "; ".join(dict.fromkeys(sources))


def open_monitors(device_kind: str, devices: int) -> Monitor:
    """The monitor of CUDA's first ``devices``; see :func:`open_monitor`."""
    if devices == 1 or device_kind == "cpu":
        return open_monitor(device_kind)
    return _SeveralMonitors([open_monitor(device_kind, partial(find_card, index)) for index in range(devices)])


def open_allocators(backend: str, devices: int) -> AllocatorMemory:
    """The allocator of the backend's first ``devices``; see :func:`open_allocator`."""
    if devices == 1:
        return open_allocator(backend)
    return _SeveralAllocators([open_allocator(backend, index) for index in range(devices)])


def list_devices(device_kind: str, devices: int, *, first: int = 0) -> list[str]:
    """``["a1b2c3d4/gpu:0 NVIDIA H100 GPU-5f..."]``: host, kind and number of each device, a GPU's name and UUID.

    They are counted on from ``first`` where another process of the host drives those before.
    """
    return [
        " ".join([f"{hash_host()}/{device_kind}:{first + index}", *_name_gpu(device_kind, index)])
        for index in range(devices)
    ]


def _name_gpu(device_kind: str, index: int) -> list[str]:
    found = NoGpu(reason=NO_GPU) if device_kind == "cpu" else ask_gpu(partial(find_card, index))
    return [] if isinstance(found, NoGpu) else [part for part in (found.name, found.uuid) if part]
