"""The child's end of the event stream."""

import os

from densebench.events import Event, to_line


class Channel:
    """Sends events to the parent. ``parent_is_gone`` becomes true when nobody reads them any more."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # a process that the framework starts must not keep the stream open
        self.descriptor = descriptor
        self.parent_is_gone = False

    def send(self, event: Event) -> None:
        """Send one event whole; nothing is raised if the parent has died, since the run's files are the child's."""
        rest = memoryview(to_line(event))
        try:
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:
            self.parent_is_gone = True
