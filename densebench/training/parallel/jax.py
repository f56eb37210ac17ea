"""Data parallelism on JAX: one process drives all devices of its host, and the compiler inserts what they exchange."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from densebench.errors import InputError
from densebench.training.parallel.layout import Layout

AXIS = "data"


class JaxDataParallel:
    """A mesh of every device of every host."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        devices = _choose_devices(layout)
        self.mesh = Mesh(np.array(devices), (AXIS,))
        self.whole = NamedSharding(self.mesh, PartitionSpec())
        self.split = NamedSharding(self.mesh, PartitionSpec(AXIS))

    def scope(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        if self.layout.ranks == 1:
            return np.asarray(values)[np.newaxis]
        return np.asarray(multihost_utils.process_allgather(np.asarray(values), tiled=False))

    def leave(self) -> None:
        if self.layout.ranks > 1:
            jax.distributed.shutdown()  # waits for the others

    def choose(self, images: int) -> NamedSharding:
        """How a batch of so many images lies on the devices: shared out, or whole on each."""
        return self.split if self.layout.is_shared(images) else self.whole


def _choose_devices(layout: Layout) -> list[jax.Device]:
    """The first of every host; raises :class:`InputError` where one has too few."""
    chosen: list[jax.Device] = []
    for process in range(jax.process_count()):
        local = [device for device in jax.devices() if device.process_index == process]
        if len(local) < layout.local_devices:
            raise InputError(
                f"--devices {layout.devices}, but JAX finds {len(local)} on host {process}: give at most {len(local)}."
            )
        chosen += local[: layout.local_devices]
    return chosen
