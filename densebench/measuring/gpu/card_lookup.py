"""Opens NVML and finds, among its cards, the one that the framework computes on."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from densebench.measuring.gpu.cuda_device import CudaDevice, find_device


class NoCardError(Exception):
    """There is no card whose figures could be read; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """NVML, initialised, and the handle of the card."""

    nvml: Any
    handle: Any


def _load_pynvml() -> Any:
    """The module ``pynvml`` of the distribution nvidia-ml-py."""
    import pynvml

    return pynvml


def find_card(
    index: int = 0,
    load_nvml: Callable[[], Any] = _load_pynvml,
    ask_cuda: Callable[[int], CudaDevice | None] = find_device,
    environ: Mapping[str, str] = os.environ,
) -> FoundCard:
    """The card that is a device of CUDA's, by UUID or PCI bus identifier; raises :class:`NoCardError`."""
    try:
        nvml = load_nvml()
    except ImportError:
        raise NoCardError("no NVML: the package nvidia-ml-py is not installed") from None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        raise NoCardError(f"no NVIDIA driver: {error}") from None
    try:
        device = ask_cuda(index)
        handle = _find_by_cuda(nvml, device) if device else _find_by_environment(nvml, index, environ)
        return FoundCard(nvml=nvml, handle=handle)
    except nvml.NVMLError as error:
        nvml.nvmlShutdown()
        raise NoCardError(f"NVML does not find the card: {error}") from None
    except NoCardError:
        nvml.nvmlShutdown()
        raise


def _find_by_cuda(nvml: Any, device: CudaDevice) -> Any:
    for identifier in (f"MIG-{device.uuid}", f"GPU-{device.uuid}"):
        try:
            return nvml.nvmlDeviceGetHandleByUUID(identifier)
        except nvml.NVMLError:
            continue
    return nvml.nvmlDeviceGetHandleByPciBusId(device.pci_bus_id)


def _find_by_environment(nvml: Any, index: int, environ: Mapping[str, str]) -> Any:
    """What CUDA would choose, where that can be determined without CUDA."""
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    names = [*(visible or "").split(","), *[""] * index]
    first = str(index) if visible is None else names[index].strip()
    if first.startswith("MIG-"):
        return nvml.nvmlDeviceGetHandleByUUID(first)
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    if first.startswith("GPU-"):
        return _find_by_uuid_prefix(nvml, handles, first)
    if not first.isdigit() or int(first) >= len(handles):
        raise NoCardError(f"no GPU is visible: CUDA_VISIBLE_DEVICES is {visible!r} and there are {len(handles)} cards")
    if len(handles) > 1 and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        raise NoCardError("several GPUs, and without CUDA_DEVICE_ORDER=PCI_BUS_ID their numbers are not NVML's")
    return handles[int(first)]


def _find_by_uuid_prefix(nvml: Any, handles: list[Any], beginning: str) -> Any:
    """CUDA accepts the beginning of a UUID if exactly one card has it."""
    fitting = [handle for handle in handles if nvml.nvmlDeviceGetUUID(handle).startswith(beginning)]
    if len(fitting) != 1:
        raise NoCardError(f"no GPU is visible: CUDA_VISIBLE_DEVICES begins with {beginning}, which fits no single card")
    return fitting[0]
