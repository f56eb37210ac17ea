# ruff: noqa: N802  (the names are CUDA's)
import ctypes
import uuid

import pytest

from densebench.measuring.gpu.cuda_device import CudaDevice, count_devices, find_device

CARD, INSTANCE = uuid.uuid4(), uuid.uuid4()


class FakeCuda:
    """libcuda with one device, of which one MIG instance is visible; each function returns CUDA's error code."""

    error = ""

    def cuInit(self, flags):
        return 100 * (self.error == "cuInit")

    def cuDeviceGetCount(self, number):
        number._obj.value = 3
        return 1 * (self.error == "cuDeviceGetCount")

    def cuDeviceGet(self, device, ordinal):
        device._obj.value = ordinal
        return 101 * (self.error == "cuDeviceGet")

    def cuDeviceGetUuid(self, identifier, device):
        ctypes.memmove(identifier, CARD.bytes, 16)
        return 0

    def cuDeviceGetUuid_v2(self, identifier, device):
        ctypes.memmove(identifier, INSTANCE.bytes, 16)
        return 1 * (self.error == "cuDeviceGetUuid")

    def cuDeviceGetPCIBusId(self, bus, length, device):
        bus.value = b"0000:65:00.0"
        return 1 * (self.error == "cuDeviceGetPCIBusId")


def test_the_first_device_is_named_by_uuid_and_bus() -> None:
    assert find_device(0, lambda name: FakeCuda()) == CudaDevice(uuid=str(INSTANCE), pci_bus_id="0000:65:00.0")


def test_a_driver_before_cuda_11_4_names_the_card() -> None:
    cuda = FakeCuda()
    cuda.cuDeviceGetUuid_v2 = None
    assert find_device(0, lambda name: cuda).uuid == str(CARD)


@pytest.mark.parametrize("error", ["cuInit", "cuDeviceGet", "cuDeviceGetUuid", "cuDeviceGetPCIBusId"])
def test_a_driver_that_refuses_says_nothing(error) -> None:
    cuda = FakeCuda()
    cuda.error = error
    assert find_device(0, lambda name: cuda) is None


def test_without_the_driver_nothing_is_said() -> None:
    def load(name):
        raise OSError

    assert find_device(0, load) is None
    assert find_device(0, lambda name: object()) is None


def test_devices_are_counted_by_the_driver_and_none_without_it() -> None:
    def fail(name):
        raise OSError

    broken = FakeCuda()
    broken.error = "cuDeviceGetCount"
    assert [count_devices(load) for load in (lambda name: FakeCuda(), lambda name: broken, fail)] == [3, 0, 0]
