"""How a run's process is asked to stop."""

import signal
from types import FrameType

from densebench.errors import Interrupted
from densebench.running.channel import Channel


class Stopper:
    """Turns SIGINT, SIGTERM and the parent's death into :class:`Interrupted`.

    While the run prepares, a signal raises at once. While it trains, a signal is kept until :meth:`check` is called
    after the running step, so that no step is torn.
    """

    def __init__(self, channel: Channel) -> None:
        self.preparing = True
        self._channel = channel
        self._received: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        if self.preparing:
            self.check()

    def check(self) -> None:
        """Raise :class:`Interrupted` if the run was asked to stop."""
        if self._received is not None:
            name = signal.Signals(self._received).name
            raise Interrupted(f"Stopped by {name}.", self._received)
        if self._channel.parent_is_gone:
            raise Interrupted("Stopped because the densebench that started it has died.", signal.SIGTERM)
