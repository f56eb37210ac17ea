"""The view for a terminal: a panel redrawn in place, 80 columns wide at least, with the last epochs below the bars."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from densebench.records import EpochRecord, Status
from densebench.reporting import live_text as shown
from densebench.reporting.escape import plain
from densebench.reporting.live_lines import figures, started
from densebench.reporting.live_state import Clock, PlannedRun, Progress, Step

REFRESHES = 4  # a second
MARKS = {"completed": ("✓", "green"), "failed": ("✗", "red"), "interrupted": ("■", "yellow"), "running": ("…", "dim")}

WIDTHS = {
    "epoch": 5,
    "time": 7,
    "images/s": 8,
    "train loss": 10,
    "train acc": 9,
    "test loss": 9,
    "test acc": 9,
}  # with the memory: 80 columns


class LiveView:
    """A :class:`densebench.reporting.live.View` that redraws; ``console.print(view)`` draws it once."""

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


def heading(state: Progress) -> Table:
    """Which run it is, and how long all of it has taken."""
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    number = f"run {min(state.ended + 1, len(state.planned))} of {len(state.planned)}" if state.planned else "run"
    about = started(state)[0] if state.name else "starting"
    row.add_row(
        Text.assemble((f"{number}  ", "dim"), (plain(state.name), "bold"), f"  {plain(about)}"),
        Text(shown.duration(state.elapsed), "dim"),
    )
    return row


def bars(state: Progress) -> Table:
    """Two or three bars: all runs, this run's epochs, this epoch's steps."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, min_width=13)
    done = state.finished + state.epoch_fraction
    if len(state.planned) > 1:
        _add_bar(grid, "all runs", state.all_done, 1.0, f"{100 * state.all_done:.0f} %", state.all_left)
    if state.epochs:
        _add_bar(grid, "this run", done, state.epochs, f"{state.finished}/{state.epochs}", state.run_left)
    step = state.step
    if step:
        _add_bar(grid, f"epoch {step.epoch}", step.step, step.steps, f"{step.step}/{step.steps}", state.epoch_left)
    return grid


def _add_bar(grid: Table, label: str, done: float, total: float, count: str, left: float | None) -> None:
    bar = ProgressBar(total=total or 1.0, completed=done, complete_style="cyan", finished_style="cyan")
    remaining = Text("" if left is None else f"{shown.duration(left)} left", "dim")
    grid.add_row(Text(label, "dim"), bar, Text(count), remaining)


def transfer_bar(what: str, done: int, total: int | None) -> Table:
    """A download or a preparation; without a known total the bar only moves."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    bar = ProgressBar(total=total, completed=done, pulse=total is None, complete_style="cyan")
    grid.add_row(Text(what), bar, Text(f"{100 * done // total} %" if total else f"{done:,}"))
    return grid


def epochs_table(state: Progress) -> Table:
    """The last epochs, and below them the running one as far as it is."""
    records, step = list(state.records), state.step  # copies: another thread may be adding to them
    table = Table(box=None, pad_edge=False, header_style="dim")
    owner = shown.memory(records[-1])[0] if records else "host"
    for title, width in (*WIDTHS.items(), (f"{owner} mem", 9)):
        table.add_column(title, justify="right", no_wrap=True, min_width=width)
    for record in records:
        table.add_row(*_cells(record))
    if step:
        so_far = shown.rate(step.images_per_second), shown.loss(step.loss), shown.accuracy(step.accuracy)
        table.add_row(str(step.epoch), shown.duration(state.clock() - state.epoch_began), *so_far, style="dim")
    return table


def _cells(record: EpochRecord) -> list[str]:
    return [
        shown.UNKNOWN if record.epoch is None else str(record.epoch),
        shown.duration(record.epoch_seconds),
        shown.rate(record.images_per_second),
        shown.loss(record.train_loss),
        shown.accuracy(record.train_accuracy),
        shown.loss(record.test_loss),
        shown.accuracy(record.test_accuracy),
        shown.memory(record)[1],
    ]
