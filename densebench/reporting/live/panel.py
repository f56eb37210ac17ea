"""The view for a terminal: a panel redrawn in place, with the last epochs below the bars."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from densebench.escape import plain
from densebench.events import Ended, Event, Message, Progress, Requeued, Started, Transfer, Warned
from densebench.records import Status
from densebench.reporting.live import text
from densebench.reporting.live.drawing import draw_bars, draw_epochs, draw_heading, draw_transfer
from densebench.reporting.live.painter import Painter
from densebench.reporting.live.run_state import Clock, RunState, ShownRun
from densebench.reporting.live.state import State
from densebench.reporting.live.sweep_drawing import draw_sweep

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
        self._painter = Painter(console, self.__rich__, refreshes=_REFRESHES)
        self._notebook = Live(
            console=console, get_renderable=self.__rich__, refresh_per_second=_REFRESHES, transient=True
        )

    @property
    def _shown(self) -> Live | Painter:
        return self._notebook if self.console.is_jupyter else self._painter

    def _print(self, line: Text) -> None:
        """Print a line that stays above the panel."""
        if self.console.is_jupyter:
            self.console.print(line, soft_wrap=True)
        else:
            self._painter.print(line)

    def __enter__(self) -> Self:
        self._shown.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._shown.stop()

    def begin(self, runs: Sequence[ShownRun]) -> None:
        """Show the first of these runs."""
        self.state.plan(runs)

    def on(self, event: Event, run: str = "") -> None:
        """Show what the event says; messages and ended runs stay above the panel."""
        shown = self.state.find(run)
        match event:
            case Started() | Progress():
                self._transfer = None
            case Transfer():
                self._transfer = None if event.done == event.total else event
            case Message() | Warned():
                self._print(Text(plain(text.say(event.text, shown, prefixed=self.state.is_spread and run != ""))))
            case Requeued():
                self._print(Text(plain(text.say(event.reason, shown, prefixed=True))))
            case Ended():
                self._print(self._describe_end(shown, event))  # before the state forgets the run
        self.state.on(event, run)

    def _describe_end(self, run: RunState, event: Ended) -> Text:
        """How the run ended, after how long, with its last results."""
        mark, style = _MARKS[event.status]
        took = text.format_duration(self.state.clock() - run.run_began)
        last = text.describe_results(run.records[-1]) if run.records else []
        parts = [f"{event.status} after {took}", *([plain(event.reason)] if event.reason else []), *last]
        return Text.assemble((f"{mark} ", style), (plain(run.run.run), "bold"), " ", ", ".join(parts))

    def __rich__(self) -> Group:
        if self.state.count and self.state.ended >= self.state.count:
            return Group()  # all has been printed
        is_spread = self.state.is_spread
        parts = [draw_sweep(self.state, self.console.width)] if is_spread else self._draw_current()
        transfer = self._transfer  # read once: another thread draws the panel
        if transfer:
            parts.append(draw_transfer(transfer))
        if not is_spread and (self.state.current.records or self.state.current.progress):
            parts.append(draw_epochs(self.state, self.console.width))
        return Group(*parts)

    def _draw_current(self) -> list[Table]:
        return [draw_heading(self.state), draw_bars(self.state)]
