"""Which GPU a framework's device is, asked of the CUDA driver itself.

NVML numbers cards by PCI bus. CUDA numbers them by speed unless ``CUDA_DEVICE_ORDER=PCI_BUS_ID``, and
``CUDA_VISIBLE_DEVICES`` picks and renumbers them, so an index of the one means nothing to the other. The UUID and the
PCI bus identifier mean the same to both (CUDA C Programming Guide, CUDA environment variables).
"""

import ctypes
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LIBRARIES = {"win32": "nvcuda.dll"}  # elsewhere libcuda.so.1


@dataclass(frozen=True, kw_only=True)
class CudaDevice:
    """One of CUDA's devices; under MIG the identifier is that of the instance."""

    uuid: str  # without GPU- or MIG- before it
    pci_bus_id: str


def find_device(index: int = 0, load: Callable[[str], Any] = ctypes.CDLL) -> CudaDevice | None:
    """A device of those that ``CUDA_VISIBLE_DEVICES`` left; ``None`` if the driver has none or does not say.

    ``cuInit`` makes no context, so it takes no memory of the card.
    """
    try:
        cuda = load(_LIBRARIES.get(sys.platform, "libcuda.so.1"))
        return _ask(cuda, index)
    except (OSError, AttributeError):  # no library; one without these functions
        return None


def count_devices(load: Callable[[str], Any] = ctypes.CDLL) -> int:
    """How many devices ``CUDA_VISIBLE_DEVICES`` left; 0 without a driver."""
    number = ctypes.c_int()
    try:
        cuda = load(_LIBRARIES.get(sys.platform, "libcuda.so.1"))
        known = cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(number)) == 0
    except (OSError, AttributeError):
        return 0
    return number.value if known else 0


def _ask(cuda: Any, index: int) -> CudaDevice | None:
    device = ctypes.c_int()
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGet(ctypes.byref(device), index) != 0:
        return None
    identifier, bus = ctypes.create_string_buffer(16), ctypes.create_string_buffer(64)
    # Version 2, since CUDA 11.4, distinguishes the instances of one MIG card.
    ask_uuid = getattr(cuda, "cuDeviceGetUuid_v2", None) or cuda.cuDeviceGetUuid
    if ask_uuid(identifier, device) != 0 or cuda.cuDeviceGetPCIBusId(bus, 64, device) != 0:
        return None
    return CudaDevice(uuid=str(uuid.UUID(bytes=identifier.raw)), pci_bus_id=bus.value.decode())
