"""Data parallelism on PyTorch: one process a device, in process groups of ``torch.distributed``."""

import os
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from densebench.errors import InputError, RunFailed, first_line
from densebench.training.parallel.layout import HEARTBEAT_SECONDS, MEETING_SECONDS, Layout
from densebench.training.parallel.own_address import find_interface, find_own_address, listen, split_address

_PATIENT, _QUICK = timedelta(seconds=MEETING_SECONDS), timedelta(seconds=HEARTBEAT_SECONDS)


class _Exchange:
    """What the processes do together with tensors, wherever these lie: by gloo on a CPU, by NCCL on a GPU."""

    def __init__(self, group: dist.ProcessGroup, layout: Layout) -> None:
        self._group, self._rank, self.parts = group, layout.rank, layout.ranks

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """(parts, *shape): the values of every process.

        As a sum in which each row is of one process alone: of a few values gloo's takes half the time of its gather.
        """
        every = values.new_zeros((self.parts, *values.shape))
        every[self._rank] = values
        return self.add_up(every) if values.numel() else every

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """Their sum over the processes, in place of the values; the same in each, bit for bit."""
        dist.all_reduce(values, group=self._group)
        return values


class TorchDataParallel:
    """Until the training begins, the processes wait for each other as long as loading and compiling may take."""

    def __init__(self, layout: Layout, device_kind: str) -> None:
        self.layout = layout
        _bind_to(find_own_address(layout))
        dist.init_process_group(
            "gloo", store=_open_store(layout), rank=layout.rank, world_size=layout.ranks, timeout=_PATIENT
        )
        self._hosts_exchange = _Exchange(dist.group.WORLD, layout)
        self._require_one_kind(device_kind)
        kinds = "cpu:gloo,cuda:nccl" if device_kind == "gpu" else "gloo"
        self.exchange = _Exchange(dist.new_group(timeout=_QUICK, backend=kinds), layout)

    def scope(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        every: NDArray[Any] = self._hosts_exchange.gather(torch.from_numpy(np.array(values))).numpy()
        return every

    def meet(self) -> None:
        """Wait for the others once more; from now on one that does not answer soon is lost."""
        self.gather(np.zeros(1, np.int32))
        self._hosts_exchange = self.exchange

    def leave(self) -> None:
        self.gather(np.zeros(1, np.int32))
        dist.destroy_process_group()

    def _require_one_kind(self, device_kind: str) -> None:
        has_gpu = self.gather(np.array([device_kind == "gpu"], np.uint8))
        found = has_gpu.reshape(self.layout.hosts, self.layout.devices).sum(1)
        host = int(found.argmin())
        if has_gpu.any() and not has_gpu.all():
            raise InputError(
                f"--devices {self.layout.devices}, but PyTorch finds {found[host]} GPUs on host {host}: give --devices "
                "no more than every host has, or hide them all by CUDA_VISIBLE_DEVICES=''."
            )


def _bind_to(address: str) -> None:
    """Let gloo and NCCL listen at the interface of an address alone, unless the user names another."""
    interface = find_interface(address)
    if interface is not None:
        for variable in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            os.environ.setdefault(variable, interface)


def _open_store(layout: Layout) -> dist.Store:
    """By which the processes find each other: a file of their host, or a port of the first host."""
    if layout.hosts == 1:
        store = dist.FileStore(layout.store, layout.ranks)
        store.set_timeout(_PATIENT)
        return store
    host, port = split_address(layout.addresses[0])
    try:
        if layout.rank > 0:
            return dist.TCPStore(host, port, layout.ranks, False, timeout=_PATIENT)
        address = find_own_address(layout)
        # with a socket of ours: PyTorch's own would listen at every interface
        listener = listen(address, port).detach()
        return dist.TCPStore(address, port, layout.ranks, True, timeout=_PATIENT, master_listen_fd=listener)
    except dist.DistError as error:
        came = f"Not all {layout.hosts} hosts came within {_PATIENT.total_seconds():g} s"
        raise RunFailed(f"{came} ({first_line(str(error))}): start densebench on each host.") from None
