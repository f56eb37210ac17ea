"""Data parallelism on TensorFlow: one process drives all devices of its host, by a strategy of ``tf.distribute``."""

import faulthandler
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from densebench.errors import InputError
from densebench.training.parallel.layout import HEARTBEAT_SECONDS, Layout
from densebench.training.parallel.meeting import meet_hosts

_WORD = 4  # bytes: int32 is carried bit for bit on every device, uint8 on none


class TensorFlowDataParallel:
    """A strategy that mirrors every variable on each device of each host."""

    def __init__(self, layout: Layout, device_kind: str) -> None:
        self.layout = layout
        kind = device_kind.upper()
        self.strategy = _join_hosts(layout, kind) if layout.hosts > 1 else _mirror(layout, kind)
        words = tf.TensorSpec((1, None), tf.int32)
        self._gather_function = tf.function(
            lambda *parts: self.run(_gather_words, parts)[0],
            input_signature=[words] * layout.local_devices,
            autograph=False,
        )

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        values = np.asarray(values)
        if self.layout.ranks == 1 or not values.size:
            return np.stack([values] * self.layout.ranks)
        data = values.tobytes()
        words = np.frombuffer(data + bytes(-len(data) % _WORD), np.int32)[np.newaxis]
        every = self._gather_function(*[_place(words, device) for device in self.strategy.extended.worker_devices])
        rows = every.numpy()[:: self.layout.local_devices]  # all devices of a host have the same
        return np.stack([np.frombuffer(row.tobytes()[: len(data)], values.dtype).reshape(values.shape) for row in rows])

    def leave(self) -> None:
        if self.layout.ranks > 1:
            self._meet()
            with suppress(tf.errors.OpError):  # one that has gone may cut off its last answer: all were there before
                self._meet()

    def _meet(self) -> None:
        self.gather(np.zeros(1, np.int32))

    def share_out(self, array: NDArray[Any]) -> list[tf.Tensor]:
        """What each device of this process computes of a whole batch."""
        mine = array[self.layout.rows(len(array))]
        count = self.layout.local_devices
        parts = np.split(mine, count) if self.layout.is_shared(len(array)) else [mine] * count
        return [_place(part, device) for part, device in zip(parts, self.strategy.extended.worker_devices, strict=True)]

    def run(self, function: Callable[..., Any], *arguments: Sequence[tf.Tensor]) -> tuple[Any, ...]:
        """What the function gives on each device of this process, each with its own of the arguments."""
        shared = tuple(self._distribute(argument) for argument in arguments)
        results: tuple[Any, ...] = self.strategy.experimental_local_results(self.strategy.run(function, shared))
        return results

    def _distribute(self, parts: Sequence[tf.Tensor]) -> Any:
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group % len(parts)]
        )


def _gather_words(words: tf.Tensor) -> tf.Tensor:
    """(devices, words): those of each device of the run."""
    here = tf.identity(words)  # only what was computed says on which device it is
    return tf.distribute.get_replica_context().all_gather(here, axis=0)


def _place(part: NDArray[Any], device: str) -> tf.Tensor:
    with tf.device(device):
        return tf.convert_to_tensor(part)


def _mirror(layout: Layout, kind: str) -> tf.distribute.Strategy:
    """The devices of one host."""
    found = len(tf.config.list_logical_devices(kind))
    if found < layout.devices:
        raise InputError(f"--devices {layout.devices}, but TensorFlow finds {found}: give at most {found}.")
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(layout.devices)])


def _join_hosts(layout: Layout, kind: str) -> tf.distribute.Strategy:
    """The devices of all hosts; TensorFlow must not have computed anything before."""
    if len(layout.addresses) < layout.hosts:
        raise InputError(
            "TensorFlow must know the addresses of all hosts, and torchrun gives that of the first alone: start the "
            "run by srun, or give --hosts INDEX@HOST:PORT,HOST:PORT,... on every host."
        )
    found = len(tf.config.list_physical_devices(kind))
    if kind == "CPU" and layout.devices > 1:
        raise InputError(
            "TensorFlow takes the CPU of a host for one device where a run has several hosts: leave --devices out."
        )
    if found < layout.devices:
        raise InputError(f"--devices {layout.devices}, but TensorFlow finds {found} here: give at most {found}.")
    cluster = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(layout.addresses)}),
        task_type="worker",
        task_id=layout.host,
        num_accelerators={"GPU": layout.devices if kind == "GPU" else 0},
        rpc_layer="grpc",
    )
    meet_hosts(layout)
    with _keep_sigterm(), _wait_no_longer_than(HEARTBEAT_SECONDS):
        return tf.distribute.MultiWorkerMirroredStrategy(cluster)


@contextmanager
def _keep_sigterm() -> Iterator[None]:
    """Give SIGTERM its handler back: TensorFlow takes it for a notice of preemption, and would go on."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _wait_no_longer_than(seconds: float) -> Iterator[None]:
    """End the process if the block takes longer: TensorFlow waits for an hour, and lets no Python run meanwhile."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
