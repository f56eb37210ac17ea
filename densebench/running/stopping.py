"""How a run's process is asked to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from densebench.errors import Interrupted
from densebench.running.channel import Channel


class Stopper:
    """Turns SIGINT, SIGTERM and the parent's death into :class:`Interrupted`.

    While the run prepares, the first signal raises at once. While it trains, a signal waits until :meth:`check` is
    called after the running step, so that no step is left half done. Before and after, while the run's row is opened or
    closed, it waits too.
    """

    def __init__(self, channel: Channel) -> None:
        self.preparing = False
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
        return Interrupted(f"Stopped by {signal.Signals(self._received).name}.", self._received)

    def check(self) -> None:
        """Raise :class:`Interrupted` if the run was asked to stop."""
        if self.interruption is not None:
            raise self.interruption
        if self._channel.parent_is_gone:
            raise Interrupted("Stopped because the densebench that started it has died.", signal.SIGTERM)
