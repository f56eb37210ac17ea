"""The hosts of a run wait for each other, for a framework whose own waiting nothing can interrupt."""

import socket
import time
from contextlib import suppress

from densebench.errors import RunFailed
from densebench.training.parallel.layout import MEETING_SECONDS, Layout
from densebench.training.parallel.own_address import find_own_address, listen, split_address

_GREETING = b"densebench host "
_POLL_SECONDS = 0.2
_ANSWER_SECONDS = 2.0  # that one which is there takes at most to accept, or to say its number


def meet_hosts(layout: Layout, seconds: float = MEETING_SECONDS) -> None:
    """Return when every host of the run does the same; raises :class:`RunFailed` if one has not come in time.

    Each listens at its own address until every other has said its number there, and says its own to every other.
    """
    unheard = set(range(layout.hosts)) - {layout.host}
    unreached = set(unheard)
    end = time.monotonic() + seconds
    _, port = split_address(layout.addresses[layout.host])
    with listen(find_own_address(layout), port) as listener:
        listener.settimeout(_POLL_SECONDS)
        while unheard or unreached:
            if time.monotonic() >= end:
                missing = ", ".join(layout.addresses[host] for host in sorted(unheard | unreached))
                raise RunFailed(f"{missing} did not come within {seconds:g} s: start densebench on each host.")
            unreached = {host for host in unreached if not _greet(layout, host)}
            unheard.discard(_hear(listener))


def _greet(layout: Layout, host: int) -> bool:
    """Whether the other host listens, and has been sent the number of this one."""
    with (
        suppress(OSError),
        socket.create_connection(split_address(layout.addresses[host]), _ANSWER_SECONDS) as connection,
    ):
        connection.sendall(_GREETING + b"%d\n" % layout.host)
        return True
    return False


def _hear(listener: socket.socket) -> int | None:
    """The number of a host that says it now."""
    with suppress(OSError, ValueError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(_ANSWER_SECONDS)
            with connection.makefile("rb") as lines:
                line = lines.readline(2 * len(_GREETING))
        if line.startswith(_GREETING) and line.endswith(b"\n"):
            return int(line.removeprefix(_GREETING))
    return None
