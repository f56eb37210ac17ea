"""What the NVIDIA driver says of the GPU while a run trains: memory of the process and of the card, energy, clocks.

It stands beside the framework allocator's peak, never instead of it. A monitor never raises: what cannot be known is
``None`` with the reason in the source.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class GpuFacts:
    """The GPU that the framework computes on, as NVML describes it."""

    name: str | None
    uuid: str | None
    memory_bytes: int | None
    driver: str | None
    max_clock_mhz: int | None
    power_limit_watts: float | None


@dataclass(frozen=True, kw_only=True)
class GpuReading:
    """What one epoch cost; the memory peaks are those since :meth:`Monitor.start`."""

    process_peak_bytes: int | None
    device_peak_bytes: int | None
    memory_source: str
    energy_joules: float | None
    energy_source: str
    clock_mhz: float | None
    warnings: tuple[str, ...]


class Monitor(Protocol):
    """Watches the GPU of a run."""

    def start(self) -> None:
        """Begin to sample, in a thread of its own."""

    def begin_epoch(self) -> None:
        """The device is idle and the epoch's first step is next."""

    def end_epoch(self) -> GpuReading:
        """The device has finished the epoch's last step; what it cost."""

    def stop(self) -> None:
        """End sampling and leave NVML."""


class NullMonitor:
    """No GPU to watch, and the reason."""

    def __init__(self, reason: str) -> None:
        self._reading = GpuReading(
            process_peak_bytes=None,
            device_peak_bytes=None,
            memory_source=reason,
            energy_joules=None,
            energy_source=reason,
            clock_mhz=None,
            warnings=(),
        )

    def start(self) -> None:
        """Nothing to sample."""

    def begin_epoch(self) -> None:
        """Nothing to read."""

    def end_epoch(self) -> GpuReading:
        """The reason for the empty figures."""
        return self._reading

    def stop(self) -> None:
        """Nothing to end."""


def open_monitor() -> Monitor:
    """The monitor of the GPU that the framework computes on; one without figures where there is none."""
    return NullMonitor("no GPU: NVML is not asked")


def gpu_facts() -> GpuFacts | None:
    """The GPU that the framework computes on; ``None`` where NVML knows of none."""
    return None
