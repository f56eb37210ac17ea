"""What is seen of a run while it runs: :class:`View`, and :func:`open_view`, which chooses one.

On a terminal a panel is redrawn in place (:mod:`.live_panel`); anywhere else one plain line an epoch is written
(:mod:`.live_lines`), so that a log file stays readable.
"""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from densebench.records import EpochRecord, Status
from densebench.reporting.live.lines import PlainView
from densebench.reporting.live.panel import LiveView
from densebench.reporting.live.state import Clock, PlannedRun

__all__ = ["LiveView", "PlainView", "PlannedRun", "View", "open_view"]


class View(Protocol):
    """Hears what happens, in this order: begin, then for each run: run_started, progress and epoch_ended, run_ended.

    ``message`` and ``transfer`` may come at any time. Used as a context manager; leaving it gives the terminal back.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def begin(self, runs: Sequence[PlannedRun]) -> None:
        """All runs that are to come, in order."""

    def run_started(
        self, name: str, *, variant: str, params: int | None, epochs: int, steps: int | None, finished: int = 0
    ) -> None:
        """A run begins; ``steps`` an epoch, ``finished`` epochs are already done when it is resumed."""

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
        """Steps done in the running epoch; accuracy as a fraction."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """An epoch is finished and recorded."""

    def message(self, text: str) -> None:
        """A sentence that stays on the screen."""

    def transfer(self, what: str, done: int, total: int | None) -> None:
        """A download or a preparation of data: bytes or images done so far; finished when ``done == total``."""

    def run_ended(self, status: Status, reason: str | None = None) -> None:
        """The run that was started last is over."""


def open_view(console: Console, *, clock: Clock = time.monotonic, live: bool | None = None) -> View:
    """The panel if the console is a terminal that can move its cursor (or ``live`` says so), else plain lines."""
    able = console.is_terminal and not console.is_dumb_terminal
    chosen: Callable[..., View] = LiveView if (able if live is None else live) else PlainView
    return chosen(console, clock=clock)
