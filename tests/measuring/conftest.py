# ruff: noqa: N802, N815  (the names are NVML's)
"""A fake NVML: cards whose readings tests set by hand, and a driver that can lack functions or die."""

import ctypes
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

MIB = 2**20


class FakeNvmlError(Exception):
    """What pynvml calls NVMLError."""


@dataclass(eq=False)
class FakeCard:
    name: str = "NVIDIA Fake 100"
    uuid: str = "GPU-11111111-2222-3333-4444-555555555555"
    pci_bus_id: str = "0000:01:00.0"
    total: int = 1000 * MIB
    used: int = 0
    reserved: int = 50 * MIB
    compute: dict[int, int | None] = field(default_factory=dict)  # bytes by PID
    graphics: dict[int, int | None] = field(default_factory=dict)
    mps: dict[int, int | None] = field(default_factory=dict)
    millijoules: int = 0
    milliwatts: int = 0
    clock: int = 2000
    max_clock: int = 2000
    reasons: int = 0
    mig_mode: int = 0
    parent: "FakeCard | None" = None  # of a MIG instance


class FakeNvml:
    NVMLError = FakeNvmlError
    NVML_CLOCK_SM = 1
    NVML_DEVICE_MIG_ENABLE = 1
    nvmlMemory_v2 = 0x02000028

    def __init__(self, *cards: FakeCard) -> None:
        self.cards = list(cards)
        self.instances: list[FakeCard] = []
        self.lacking: set[str] = set()  # functions that the card or the driver does not support
        self.dead: str | None = None
        self.opened = 0
        self.calls: list[str] = []

    def _ask(self, function: str) -> None:
        self.calls.append(function)
        if self.dead:
            raise FakeNvmlError(self.dead)
        if function in self.lacking:
            raise FakeNvmlError("Not Supported")

    def nvmlInit(self):
        self._ask("nvmlInit")
        self.opened += 1

    def nvmlShutdown(self):
        self._ask("nvmlShutdown")
        self.opened -= 1

    def nvmlSystemGetDriverVersion(self):
        self._ask("nvmlSystemGetDriverVersion")
        return "999.10"

    def nvmlDeviceGetCount(self):
        self._ask("nvmlDeviceGetCount")
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index):
        self._ask("nvmlDeviceGetHandleByIndex")
        return self.cards[index]

    def nvmlDeviceGetHandleByUUID(self, uuid):
        self._ask("nvmlDeviceGetHandleByUUID")
        return self._one([card for card in [*self.cards, *self.instances] if card.uuid == uuid])

    def nvmlDeviceGetHandleByPciBusId(self, bus):
        self._ask("nvmlDeviceGetHandleByPciBusId")
        return self._one([card for card in self.cards if card.pci_bus_id == bus])

    def _one(self, cards):
        if not cards:
            raise FakeNvmlError("Not Found")
        return cards[0]

    def nvmlDeviceGetName(self, card):
        self._ask("nvmlDeviceGetName")
        return card.name

    def nvmlDeviceGetUUID(self, card):
        self._ask("nvmlDeviceGetUUID")
        return card.uuid

    def nvmlDeviceGetMemoryInfo(self, card, version=None):
        self._ask("nvmlDeviceGetMemoryInfo_v2" if version else "nvmlDeviceGetMemoryInfo")
        return SimpleNamespace(total=card.total, used=card.used + (0 if version else card.reserved))

    def nvmlDeviceGetComputeRunningProcesses(self, card):
        self._ask("nvmlDeviceGetComputeRunningProcesses")
        return _processes(card.compute)

    def nvmlDeviceGetComputeRunningProcesses_v2(self, card):
        self._ask("nvmlDeviceGetComputeRunningProcesses_v2")
        return _processes(card.compute)

    def nvmlDeviceGetGraphicsRunningProcesses(self, card):
        self._ask("nvmlDeviceGetGraphicsRunningProcesses")
        return _processes(card.graphics)

    def nvmlDeviceGetMPSComputeRunningProcesses(self, card):
        self._ask("nvmlDeviceGetMPSComputeRunningProcesses")
        return _processes(card.mps)

    def nvmlDeviceGetTotalEnergyConsumption(self, card):
        self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return card.millijoules

    def nvmlDeviceGetPowerUsage(self, card):
        self._ask("nvmlDeviceGetPowerUsage")
        return card.milliwatts

    def nvmlDeviceGetEnforcedPowerLimit(self, card):
        self._ask("nvmlDeviceGetEnforcedPowerLimit")
        return 350_000

    def nvmlDeviceGetClockInfo(self, card, kind):
        self._ask("nvmlDeviceGetClockInfo")
        return card.clock

    def nvmlDeviceGetMaxClockInfo(self, card, kind):
        self._ask("nvmlDeviceGetMaxClockInfo")
        return card.max_clock

    def nvmlDeviceGetCurrentClocksEventReasons(self, card):
        self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        return card.reasons

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, card):
        self._ask("nvmlDeviceGetCurrentClocksThrottleReasons")
        return card.reasons

    def nvmlDeviceGetMigMode(self, card):
        self._ask("nvmlDeviceGetMigMode")
        return [card.mig_mode, card.mig_mode]

    def nvmlDeviceIsMigDeviceHandle(self, card):
        self._ask("nvmlDeviceIsMigDeviceHandle")
        return ctypes.c_uint(card.parent is not None)

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, card):
        self._ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle")
        return card.parent


def _processes(used):
    return [SimpleNamespace(pid=pid, usedGpuMemory=count) for pid, count in used.items()]


class FakeClock:
    """Stands where it was set; tests move it by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def card() -> FakeCard:
    return FakeCard()


@pytest.fixture
def nvml(card) -> FakeNvml:
    return FakeNvml(card)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_card():
    return FakeCard


@pytest.fixture
def make_nvml():
    return FakeNvml
