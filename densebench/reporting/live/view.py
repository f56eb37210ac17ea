"""What is seen of a run while it runs: :class:`View`, and :func:`open_view`, which chooses one.

On a terminal a panel is redrawn in place (:mod:`.panel`); anywhere else one plain line an epoch is written
(:mod:`.lines`), so that a log file stays readable.
"""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from densebench.events import Event
from densebench.reporting.live.lines import PlainView
from densebench.reporting.live.panel import LiveView
from densebench.reporting.live.run_state import Clock, ShownRun


class View(Protocol):
    """Shows what happens in runs. Used as a context manager; leaving it gives the terminal back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def begin(self, runs: Sequence[ShownRun]) -> None:
        """All runs that are to come, in order."""

    def on(self, event: Event, run: str = "") -> None:
        """What happens in the run of that planned name, or in the running one.

        ``Started`` comes before its epochs, ``Ended`` is its last; where ``Placed`` comes, several may run at a time.
        """


def open_view(console: Console, *, clock: Clock = time.monotonic, live: bool | None = None) -> View:
    """The panel if the console is a terminal that can move its cursor (or ``live`` says so), else plain lines."""
    able = console.is_terminal and not console.is_dumb_terminal
    chosen: Callable[..., View] = LiveView if (able if live is None else live) else PlainView
    return chosen(console, clock=clock)
