"""Making batches in a background thread while the device computes."""

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
DEPTH = 2  # items that are made ahead


@dataclass(frozen=True, kw_only=True)
class _End:
    """The last thing in the queue: how the iteration ended."""

    error: BaseException | None


@dataclass(frozen=True, kw_only=True)
class _Filled(Generic[Item]):
    item: Item


def prefetch(items: Iterable[Item], depth: int = DEPTH) -> Iterator[Item]:
    """The same items, up to ``depth`` of them made ahead by a thread that starts with the first one asked for.

    What ``items`` raises is raised here in its turn. Closing the iterator, or dropping it, ends the thread before it
    makes another item.
    """
    made: queue.Queue[_Filled[Item] | _End] = queue.Queue(maxsize=depth)
    stop = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, made, stop), name="densebench-prefetch", daemon=True)
    thread.start()
    try:
        while isinstance(entry := made.get(), _Filled):
            yield entry.item
        if entry.error is not None:
            raise entry.error
    finally:
        stop.set()
        while thread.is_alive():
            _drain(made)  # a thread that waits for room would never see the stop
            thread.join(timeout=0.01)


def _fill(items: Iterable[Item], made: "queue.Queue[_Filled[Item] | _End]", stop: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            made.put(_Filled(item=item))
            if stop.is_set():
                return
    except BaseException as raised:  # every error is for the consumer
        error = raised
    made.put(_End(error=error))


def _drain(made: "queue.Queue[_Filled[Item] | _End]") -> None:
    while True:
        try:
            made.get_nowait()
        except queue.Empty:
            return
