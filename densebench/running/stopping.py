"""How a run's process is asked to stop."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from densebench.errors import Interrupted
from densebench.running.channel import Channel

_PARENT_DIED = "Stopped because the densebench that started it has died."
_PATIENCE = 0.5  # seconds that a run which prepares has to stop by itself


class Stopper:
    """Turns SIGINT, SIGTERM and the parent's death into :class:`Interrupted`.

    While the run prepares, the first signal raises at once. While it trains, a signal waits until :meth:`check` is
    called after the running step, so that no step is left half done. Before and after, while the run's row is opened or
    closed, it waits too.
    """

    def __init__(self, channel: Channel) -> None:
        self.preparing = False
        self.enter_end: Callable[[Interrupted], object] = lambda error: None  # into the run's row, once it is open
        self.leave_others: Callable[[], object] | None = None  # from the other processes, if they stop at the same step
        self._channel = channel
        self._received: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    @contextmanager
    def listen(self) -> Iterator[None]:
        """In the ``with`` block the run prepares until ``preparing`` becomes false; an earlier signal raises here."""
        try:
            self.preparing = True
            self.check()
            yield
        finally:
            self.preparing = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # a scheduler signals every process, so one comes from it and another from the parent
        if self._received is None:
            self._received = number
            if self.preparing:
                self.check()

    @property
    def interruption(self) -> Interrupted | None:
        """The error for the signal that has come."""
        if self._received is None:
            return None
        return make_interruption(self._received)

    def find_signal(self) -> int:
        """The signal that has come; SIGTERM once the parent is gone; else 0."""
        if self._received is None and self._channel.parent_is_gone:
            return signal.SIGTERM
        return self._received or 0

    def check(self) -> None:
        """Raise :class:`Interrupted` if the run was asked to stop."""
        if self.interruption is not None:
            raise self.interruption
        if self._channel.parent_is_gone:
            raise make_interruption(None)


def watch(stopper: Stopper, channel: Channel, *, end: Callable[[int], object] = os._exit) -> threading.Thread:
    """Watch for signals and for the parent's death from a thread; call it in the main thread.

    A framework that loads or compiles may not let Python's handlers run for seconds, or catch what they raise. A run
    that still prepares ``_PATIENCE`` after it was asked to stop is ended at once, with 128 plus the signal's number,
    as soon as its row says so. A run that trains ends by itself, after its step.
    """
    reading, writing = os.pipe()
    for descriptor in (reading, writing):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_watch, args=(stopper, channel, reading, end), daemon=True)
    thread.start()
    return thread


def _watch(stopper: Stopper, channel: Channel, signals: int, end: Callable[[int], object]) -> None:
    number = _wait_for_reason(signals, channel.descriptor)
    if number is None:
        channel.parent_is_gone = True
    time.sleep(_PATIENCE)
    if stopper.preparing:
        error = stopper.interruption or make_interruption(number)
        try:
            stopper.enter_end(error)
        finally:
            end(error.exit_code)


def make_interruption(number: int | None) -> Interrupted:
    """The error for a signal, or for the parent's death where there was none."""
    if number is None:
        return Interrupted(_PARENT_DIED, signal.SIGTERM)
    return Interrupted(f"Stopped by {signal.Signals(number).name}.", number)


def _wait_for_reason(signals: int, events: int) -> int | None:
    """The signal that has come; ``None`` if nobody reads the events any more, because the parent has died."""
    waiting = select.poll()
    waiting.register(signals, select.POLLIN)
    waiting.register(events, 0)  # only the end of its reader
    while True:
        ready = [descriptor for descriptor, _ in waiting.poll()]
        numbers = os.read(signals, 64) if signals in ready else b""
        asked = [number for number in numbers if number in (signal.SIGINT, signal.SIGTERM)]
        if asked:
            return asked[0]
        if events in ready:
            return None
