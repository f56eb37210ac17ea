"""Ctrl-C and SIGTERM while runs go on: taken here, and passed on by whoever started the runs."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_PATIENCE = 3  # signals after which this process ends at once, whatever the runs do


@contextmanager
def take_signals(act: Callable[[list[int]], object]) -> Iterator[list[int]]:
    """In the ``with`` block each SIGINT and SIGTERM is added to the list that this gives, with which ``act`` is called.

    In a thread that is not the main one Python can catch no signal, and none is taken.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        act(came)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def note_signals() -> Iterator[list[int]]:
    """In the ``with`` block signals are only noted; one too many raises :class:`KeyboardInterrupt`."""
    with take_signals(_lose_patience) as came:
        yield came


def _lose_patience(came: list[int]) -> None:
    if len(came) >= _PATIENCE:
        raise KeyboardInterrupt
