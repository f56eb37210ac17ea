"""The view for a terminal: a panel redrawn in place, 80 columns wide at least, with the last epochs below the bars."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from densebench.escape import plain
from densebench.records import EpochRecord, Status
from densebench.reporting.live import text as shown
from densebench.reporting.live.drawing import bars, epochs_table, heading, transfer_bar
from densebench.reporting.live.lines import figures
from densebench.reporting.live.state import Clock, PlannedRun, Progress, Step

REFRESHES = 4  # a second
MARKS = {"completed": ("✓", "green"), "failed": ("✗", "red"), "interrupted": ("■", "yellow"), "running": ("…", "dim")}


class LiveView:
    """A :class:`densebench.reporting.live.view.View` that redraws; ``console.print(view)`` draws it once."""

    def __init__(self, console: Console, *, clock: Clock = time.monotonic) -> None:
        self.console = console
        self.state = Progress(clock)
        self.moving: tuple[str, int, int | None] | None = None  # the download that is under way
        self.live = Live(console=console, get_renderable=self.__rich__, refresh_per_second=REFRESHES, transient=True)

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.live.stop()

    def begin(self, runs: Sequence[PlannedRun]) -> None:
        self.state.plan(runs)

    def run_started(
        self, name: str, *, variant: str, params: int | None, epochs: int, steps: int | None, finished: int = 0
    ) -> None:
        self.moving = None
        self.state.start_run(name, variant=variant, params=params, epochs=epochs, steps=steps, finished=finished)

    def progress(
        self,
        *,
        epoch: int,
        step: int,
        steps: int,
        loss: float | None,
        accuracy: float | None,
        images_per_second: float | None,
    ) -> None:
        self.moving = None
        self.state.step = Step(
            epoch=epoch, step=step, steps=steps, loss=loss, accuracy=accuracy, images_per_second=images_per_second
        )

    def epoch_ended(self, record: EpochRecord) -> None:
        self.state.end_epoch(record)

    def message(self, text: str) -> None:
        self.console.print(Text(plain(text)), soft_wrap=True)

    def transfer(self, what: str, done: int, total: int | None) -> None:
        self.moving = None if done == total else (plain(what), done, total)

    def run_ended(self, status: Status, reason: str | None = None) -> None:
        """One line stays above the panel: how the run ended, after how long, with its last figures."""
        mark, style = MARKS[status]
        took = shown.duration(self.state.clock() - self.state.run_began)
        last = figures(self.state.records[-1])[2:] if self.state.records else []
        parts = [f"{status} after {took}", *([plain(reason)] if reason else []), *last]
        name = plain(self.state.name)
        line = Text.assemble((f"{mark} ", style), (name, "bold"), " ", ", ".join(part for part in parts if part))
        self.console.print(line, soft_wrap=True)
        self.state.end_run()

    def __rich__(self) -> Group:
        parts = [heading(self.state), bars(self.state)]
        moving = self.moving
        if moving:
            parts.append(transfer_bar(*moving))
        if self.state.records or self.state.step:
            parts.append(epochs_table(self.state))
        return Group(*parts)
