"""How the devices of a run share its batches: what each backend's way has in common, and what is built on it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from densebench.errors import RunFailed
from densebench.training.parallel.layout import ALONE, Layout


class DataParallel(Protocol):
    """The devices of a run, as one of its processes sees them."""

    @property
    def layout(self) -> Layout: ...

    def scope(self) -> AbstractContextManager[Any]:
        """Variables that are made in the ``with`` block are those of every device."""

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        """(ranks, *shape): the values of every process, in the order of their ranks.

        Every process calls it, at the same place and with the same shape and dtype.
        """

    def leave(self) -> None:
        """Wait for the other processes, and part from them; none of them has failed."""


class Alone:
    """One device, or the only process of a run."""

    def __init__(self, layout: Layout = ALONE) -> None:
        self.layout = layout

    def scope(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(values)[np.newaxis]

    def leave(self) -> None:
        """There is nobody else."""


ONE_DEVICE: DataParallel = Alone()


def join(backend: str, layout: Layout, device_kind: str) -> DataParallel:
    """The devices of the run, once the backend is set up and every other process of it does the same."""
    if layout.replicas == 1:
        return Alone(layout)
    if backend == "jax":
        from densebench.training.parallel.jax import JaxDataParallel

        return JaxDataParallel(layout)
    if backend == "tensorflow":
        from densebench.training.parallel.tensorflow import TensorFlowDataParallel

        return TensorFlowDataParallel(layout, device_kind)
    from densebench.training.parallel.torch import TorchDataParallel

    return TorchDataParallel(layout, device_kind)


def gather_texts(parallel: DataParallel, text: str) -> list[str]:
    """The texts of every process, in the order of their ranks."""
    data = np.frombuffer(text.encode(), np.uint8)
    lengths = parallel.gather(np.array([len(data)], np.int32))[:, 0]
    padded = np.zeros(int(lengths.max()), np.uint8)
    padded[: len(data)] = data
    rows = parallel.gather(padded)
    return [row[:length].tobytes().decode() for row, length in zip(rows, lengths, strict=True)]


def share_state(parallel: DataParallel, variables: Sequence[keras.Variable], text: str) -> str:
    """Give every process the values that the variables have in rank 0, and its text, which is returned."""
    if parallel.layout.ranks == 1:
        return text
    values = [np.array(keras.ops.convert_to_numpy(variable), order="C") for variable in variables]
    data = np.frombuffer(b"".join(value.tobytes() for value in values), np.uint8)
    first = parallel.gather(data)[0].tobytes()
    begin = 0
    for variable, value in zip(variables, values, strict=True):
        end = begin + value.nbytes
        variable.assign(np.frombuffer(first[begin:end], value.dtype).reshape(value.shape))
        begin = end
    return gather_texts(parallel, text)[0]


def require_same(parallel: DataParallel, what: str, text: str) -> None:
    """Raise :class:`RunFailed` unless ``what`` is called the same by every process."""
    texts = gather_texts(parallel, text) if parallel.layout.ranks > 1 else []
    if len(set(texts)) > 1:
        raise RunFailed(f"{what} differ between the processes of the run ({', '.join(texts)}): nothing of it is right.")


def require_same_settings(parallel: DataParallel, settings: Mapping[str, object]) -> None:
    """Raise :class:`RunFailed` with those that differ unless every process has the same; one left out is a default."""
    if parallel.layout.ranks == 1:
        return
    first, *others = map(json.loads, gather_texts(parallel, json.dumps(settings)))
    for rank, other in enumerate(others, start=1):
        differing = [name for name in sorted({*first, *other}) if first.get(name) != other.get(name)]
        if differing:
            parts = [f"{name} {first.get(name, 'default')} and {other.get(name, 'default')}" for name in differing]
            raise RunFailed(
                f"The settings of processes 0 and {rank} of the run differ ({'; '.join(parts)}): start the same "
                "command, with the same files, on every host."
            )


def require_same_state(parallel: DataParallel, variables: Sequence[keras.Variable]) -> None:
    """Raise :class:`RunFailed` unless all processes have the same values, bit for bit: they can drift in silence."""
    if parallel.layout.ranks > 1:
        require_same(parallel, "The weights", _hash_variables(variables))


def _hash_variables(variables: Sequence[keras.Variable]) -> str:
    digest = hashlib.sha256()
    for variable in variables:
        digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    return digest.hexdigest()[:16]


def follow_first(parallel: DataParallel, decision: bool) -> bool:
    """What rank 0 has decided, for all: by its clock a step more or less is enough, and all must make the same."""
    if parallel.layout.ranks == 1:
        return decision
    return bool(parallel.gather(np.array([decision], np.int32))[0])


def agree_on_signal(parallel: DataParallel, own: int) -> int:
    """The signal that has asked any of the processes to stop; 0 if none has. ``own`` is that of this one."""
    return int(parallel.gather(np.array([own], np.int32)).max())
