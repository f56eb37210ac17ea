"""One card's readings by NVML, each a gauge: where a driver does not support one, the others still work."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from densebench.measuring.gpu.card_lookup import FoundCard

T = TypeVar("T")

_PROCESS_LISTS = (
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetGraphicsRunningProcesses",
    "nvmlDeviceGetMPSComputeRunningProcesses",  # under MPS the first list holds its server alone
)


@dataclass(frozen=True, kw_only=True)
class GpuFacts:
    """The GPU that the framework computes on, as NVML describes it."""

    name: str | None
    uuid: str | None
    memory_bytes: int | None
    used_bytes: int | None  # now, by everyone
    processes: tuple[int, ...] | None  # PIDs on it now
    driver: str | None
    max_clock_mhz: int | None
    power_limit_watts: float | None


class Gauge(Generic[T]):
    """One reading. After its first failure it is not asked again, and ``failure`` says why."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self.failure: str | None = None
        self.worked = False

    def read(self) -> T | None:
        """The value now; ``None`` after a failure."""
        if self.failure is not None:
            return None
        try:
            value = self._read()
        except Exception as error:  # NVMLError is normal, and no reading may end a run
            self.failure = str(error) or type(error).__name__
            return None
        self.worked = True
        return value


class Card:
    """The gauges of one card, or of one MIG instance of it."""

    def __init__(self, found: FoundCard) -> None:
        nvml, handle = found.nvml, found.handle
        self._nvml, self._handle = nvml, handle
        self.is_mig_instance, whole = _find_whole_card(nvml, handle)
        self.hides_mig_instance = not self.is_mig_instance and _is_mig_on(nvml, handle)
        self.memory_version = _find_memory_version(nvml, handle)
        self.used_bytes = Gauge(lambda: int(self._memory().used))
        self._lists = [Gauge(functools.partial(_list_processes, nvml, handle, name)) for name in _PROCESS_LISTS]
        # Energy, power and clocks belong to the whole card, also under MIG.
        self.energy_joules = Gauge(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(whole) / 1000)
        self.power_watts = Gauge(lambda: nvml.nvmlDeviceGetPowerUsage(whole) / 1000)
        self.clock_mhz = Gauge(lambda: int(nvml.nvmlDeviceGetClockInfo(whole, nvml.NVML_CLOCK_SM)))
        self.max_clock_mhz = Gauge(lambda: int(nvml.nvmlDeviceGetMaxClockInfo(whole, nvml.NVML_CLOCK_SM)))
        self.power_limit_watts = Gauge(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(whole) / 1000)
        self.clock_reasons = Gauge(lambda: _read_clock_reasons(nvml, whole))

    def processes(self) -> dict[int, int | None] | None:
        """Bytes by PID, ``None`` where the driver hides them; ``None`` if no list can be read."""
        found: dict[int, int | None] = {}
        for gauge in self._lists:
            for pid, used in (gauge.read() or {}).items():
                # A process on two lists has its whole memory on each.
                found[pid] = max(used or 0, found.get(pid) or 0) or None
        return None if all(gauge.failure for gauge in self._lists) else found

    @property
    def process_failure(self) -> str | None:
        """Why no process can be seen."""
        return self._lists[0].failure

    def facts(self) -> GpuFacts:
        """What the card is, and how busy it is now."""
        nvml, handle = self._nvml, self._handle
        processes = self.processes()
        return GpuFacts(
            name=Gauge(lambda: str(nvml.nvmlDeviceGetName(handle))).read(),
            uuid=Gauge(lambda: str(nvml.nvmlDeviceGetUUID(handle))).read(),
            memory_bytes=Gauge(lambda: int(self._memory().total)).read(),
            used_bytes=self.used_bytes.read(),
            processes=None if processes is None else tuple(processes),
            driver=Gauge(lambda: str(nvml.nvmlSystemGetDriverVersion())).read(),
            max_clock_mhz=self.max_clock_mhz.read(),
            power_limit_watts=self.power_limit_watts.read(),
        )

    def close(self) -> None:
        """Leave NVML."""
        Gauge(self._nvml.nvmlShutdown).read()

    def _memory(self) -> Any:
        if self.memory_version == 2:
            return self._nvml.nvmlDeviceGetMemoryInfo(self._handle, version=self._nvml.nvmlMemory_v2)
        return self._nvml.nvmlDeviceGetMemoryInfo(self._handle)


def _find_memory_version(nvml: Any, handle: Any) -> int:
    """2 where the driver has it: version 1 counts what the driver reserves for itself as used."""
    second = Gauge(lambda: nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2))
    return 1 if second.read() is None else 2


def _find_whole_card(nvml: Any, handle: Any) -> tuple[bool, Any]:
    """Whether ``handle`` is a MIG instance, and the card around it."""
    # pynvml returns the C integer itself.
    is_instance = Gauge(lambda: bool(nvml.nvmlDeviceIsMigDeviceHandle(handle).value)).read()
    whole = Gauge(lambda: nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)).read() if is_instance else None
    return bool(is_instance), handle if whole is None else whole


def _is_mig_on(nvml: Any, handle: Any) -> bool:
    mode = Gauge(lambda: nvml.nvmlDeviceGetMigMode(handle)).read()
    return mode is not None and bool(mode[0] == nvml.NVML_DEVICE_MIG_ENABLE)


def _list_processes(nvml: Any, handle: Any, name: str) -> dict[int, int | None]:
    newest = Gauge(lambda: getattr(nvml, name)(handle))
    processes = newest.read()
    if processes is None:  # a driver before R510 has only version 2
        processes = getattr(nvml, f"{name}_v2")(handle)
    return {process.pid: process.usedGpuMemory for process in processes}


def _read_clock_reasons(nvml: Any, handle: Any) -> int:
    newest = Gauge(lambda: int(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))).read()
    # A driver before R535 knows them by their older name.
    return int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)) if newest is None else newest
