"""Making batches in background threads while the device computes."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


class Prefetched(Iterator[Item]):
    """The same items, up to ``depth`` of them made ahead by a thread that starts with the first one asked for.

    What ``items`` raises is raised here in its turn. Closing the iterator, or dropping it, ends the thread before it
    makes another item.
    """

    def __init__(self, items: Iterable[Item], depth: int = DEPTH) -> None:
        self._made: queue.Queue[_Filled[Item] | _End] = queue.Queue(maxsize=depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=_fill, args=(items, self._made, self._stop), name="densebench-prefetch", daemon=True
        )

    def __next__(self) -> Item:
        if self._stop.is_set():
            raise StopIteration
        if self._thread.ident is None:
            self._thread.start()
        entry = self._made.get()
        if isinstance(entry, _Filled):
            return entry.item
        self.close()
        raise StopIteration if entry.error is None else entry.error

    def is_ready(self) -> bool:
        """Whether the next item, or the end, can be had without waiting."""
        return not self._made.empty()

    def close(self) -> None:
        """End the thread; no more items come."""
        self._stop.set()
        while self._thread.is_alive():
            _drain(self._made)  # a thread that waits for room would never see the stop
            self._thread.join(timeout=0.01)

    def __del__(self) -> None:
        self.close()


def make_in_order(makers: Iterable[Callable[[], Item]], threads: int) -> Iterator[Item]:
    """What each of ``makers`` returns, in their order, made by that many threads at a time.

    One thread is this one. What a maker raises is raised in its turn; closing the iterator waits for those that run.
    """
    if threads == 1:
        yield from (make() for make in makers)
        return
    running: deque[Future[Item]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="densebench-batches") as pool:
        try:
            for make in makers:
                running.append(pool.submit(make))
                if len(running) > threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


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
