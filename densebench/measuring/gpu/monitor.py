"""What the NVIDIA driver says of the GPU while a run trains: memory of the process and of the card, energy, clocks.

It stands beside the framework allocator's peak, never instead of it. A monitor never raises: what cannot be known is
``None`` with the reason in the source.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from densebench.measuring.gpu.allocator import NO_GPU, GpuMemory
from densebench.measuring.gpu.card_lookup import FoundCard, NoCardError, find_card
from densebench.measuring.gpu.nvml import Card, GpuFacts
from densebench.measuring.gpu.samples import Samples
from densebench.measuring.stopwatch import Clock

# Pools do not give memory back between steps and sensors are renewed every 20 to 100 ms: more often shows no more.
_INTERVAL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class GpuReading:
    """What one epoch cost. The memory peaks and the warnings are all those since :meth:`Monitor.start`."""

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
        """Begin to sample, in a separate thread."""

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


class SamplingMonitor:
    """Samples one card every ``interval_seconds``."""

    def __init__(self, card: Card, *, pid: int, clock: Clock, interval_seconds: float = _INTERVAL_SECONDS) -> None:
        self._card = card
        self._samples = Samples(card, pid=pid, clock=clock)
        self._interval = interval_seconds
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_sampling, name="densebench-nvml", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def sample(self) -> None:
        """Take one sample now."""
        with self._lock:
            self._samples.take()

    def begin_epoch(self) -> None:
        """Read the energy and start the epoch's clocks."""
        with self._lock:
            self._samples.take()
            self._samples.begin_epoch()

    def end_epoch(self) -> GpuReading:
        """Read the energy, and everything that was sampled."""
        with self._lock:
            self._samples.take()
            energy = self._samples.energy.end()
            return GpuReading(
                process_peak_bytes=self._samples.process_peak(),
                device_peak_bytes=self._samples.device_peak(),
                memory_source=self._samples.memory_source(self._interval),
                energy_joules=energy.joules,
                energy_source=energy.source,
                clock_mhz=self._samples.clock_mhz(),
                warnings=self._samples.warnings(),
            )

    def stop(self) -> None:
        """End the thread and leave NVML; a second time does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)  # a call into a lost driver may never return
        self._card.close()

    def _keep_sampling(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self.sample()
            due = max(due + self._interval, time.monotonic())  # missed samples are not repeated
            time.sleep(max(due - time.monotonic(), 0))  # half the cost of waiting for the event


def open_monitor(
    device_kind: str, find: Callable[[], FoundCard] = find_card, clock: Clock = time.perf_counter
) -> Monitor:
    """The monitor of CUDA's device 0; one without figures for a run on the ``cpu`` or without a card to read."""
    if device_kind == "cpu":
        return NullMonitor(NO_GPU)
    try:
        return SamplingMonitor(Card(find()), pid=os.getpid(), clock=clock)
    except NoCardError as reason:
        return NullMonitor(str(reason))


@dataclass(frozen=True, kw_only=True)
class NoGpu:
    """Why NVML describes no GPU."""

    reason: str


def ask_gpu(find: Callable[[], FoundCard] = find_card) -> GpuFacts | NoGpu:
    """The GPU that a framework would compute on, or why there is none."""
    try:
        card = Card(find())
    except NoCardError as reason:
        return NoGpu(reason=str(reason))
    try:
        return card.facts()
    finally:
        card.close()


def describe_memory_source(allocator: GpuMemory, reading: GpuReading) -> str:
    """Both sources in one cell; a reason that they share is written once."""
    return "; ".join(dict.fromkeys((allocator.source, reading.memory_source)))


def list_warnings(allocator: GpuMemory, reading: GpuReading) -> tuple[str, ...]:
    """What the monitor warns of, and a peak that only NVML could give."""
    only_nvml = allocator.peak_bytes is None and reading.device_peak_bytes is not None
    return (*reading.warnings, *(["GPU memory is NVML's: the allocator has no peak"] if only_nvml else []))
