"""The view for a terminal: a panel redrawn in place, 80 columns wide at least, with the last epochs below the bars."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from densebench.escape import plain
from densebench.events import Ended, Event, Message, Progress, Started, Transfer, Warned
from densebench.records import Status
from densebench.reporting.live import text
from densebench.reporting.live.drawing import draw_bars, draw_epochs, draw_heading, draw_transfer
from densebench.reporting.live.state import Clock, ShownRun, State

_REFRESHES = 4  # a second
_MARKS: dict[Status, tuple[str, str]] = {
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "interrupted": ("■", "yellow"),
    "running": ("…", "dim"),
}


class LiveView:
    """A :class:`densebench.reporting.live.view.View` that redraws; ``console.print(view)`` draws it once."""

    def __init__(self, console: Console, *, clock: Clock = time.monotonic) -> None:
        self.console = console
        self.state = State(clock)
        self._transfer: Transfer | None = None  # the one that is under way
        self._live = Live(console=console, get_renderable=self.__rich__, refresh_per_second=_REFRESHES, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._live.stop()

    def begin(self, runs: Sequence[ShownRun]) -> None:
        """Show the first of these runs."""
        self.state.plan(runs)

    def on(self, event: Event) -> None:
        """Show what the event says; messages and ended runs stay above the panel."""
        match event:
            case Started() | Progress():
                self._transfer = None
            case Transfer():
                self._transfer = None if event.done == event.total else event
            case Message() | Warned():
                self.console.print(Text(plain(event.text)), soft_wrap=True)
            case Ended():
                self.console.print(self._describe_end(event))  # before the state forgets the run
        self.state.on(event)

    def _describe_end(self, event: Ended) -> Text:
        """How the run ended, after how long, with its last results."""
        mark, style = _MARKS[event.status]
        took = text.format_duration(self.state.clock() - self.state.run_began)
        last = text.describe_results(self.state.records[-1]) if self.state.records else []
        parts = [f"{event.status} after {took}", *([plain(event.reason)] if event.reason else []), *last]
        return Text.assemble((f"{mark} ", style), (plain(self.state.run.run), "bold"), " ", ", ".join(parts))

    def __rich__(self) -> Group:
        parts = [draw_heading(self.state), draw_bars(self.state)]
        transfer = self._transfer  # read once: another thread draws the panel
        if transfer:
            parts.append(draw_transfer(transfer))
        if self.state.records or self.state.progress:
            parts.append(draw_epochs(self.state))
        return Group(*parts)
