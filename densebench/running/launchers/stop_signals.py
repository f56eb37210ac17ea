"""Ctrl-C and SIGTERM while runs go on elsewhere: noted here, passed on by the launcher."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_PATIENCE = 3  # signals after which this process ends at once, whatever the runs do


@contextmanager
def note_signals() -> Iterator[list[int]]:
    """In the ``with`` block SIGINT and SIGTERM only add their number to the list that this gives.

    One too many raises :class:`KeyboardInterrupt`. In a thread that is not the main one nothing is caught.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) >= _PATIENCE:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
