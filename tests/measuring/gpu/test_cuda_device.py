# ruff: noqa: N802  (the names are CUDA's)
import ctypes
import uuid

import pytest

from densebench.measuring.gpu.cuda_device import CudaDevice, find_first_device

CARD, INSTANCE = uuid.uuid4(), uuid.uuid4()


class FakeCuda:
    """libcuda with one device, of which one MIG instance is visible; each function returns CUDA's error code."""

    error = ""

    def cuInit(self, flags):
        return 100 * (self.error == "cuInit")

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
    assert find_first_device(lambda name: FakeCuda()) == CudaDevice(uuid=str(INSTANCE), pci_bus_id="0000:65:00.0")


def test_a_driver_before_cuda_11_4_names_the_card() -> None:
    cuda = FakeCuda()
    cuda.cuDeviceGetUuid_v2 = None
    assert find_first_device(lambda name: cuda).uuid == str(CARD)


@pytest.mark.parametrize("error", ["cuInit", "cuDeviceGet", "cuDeviceGetUuid", "cuDeviceGetPCIBusId"])
def test_a_driver_that_refuses_says_nothing(error) -> None:
    cuda = FakeCuda()
    cuda.error = error
    assert find_first_device(lambda name: cuda) is None


def test_without_the_driver_nothing_is_said() -> None:
    def load(name):
        raise OSError

    assert find_first_device(load) is None
    assert find_first_device(lambda name: object()) is None
