"""The view for logs and pipes: one plain line an epoch, never a control character."""

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console

from densebench.escape import plain
from densebench.events import Ended, EpochEnded, Event, Message, Started, Transfer, Warned
from densebench.reporting.live import text
from densebench.reporting.live.state import Clock, ShownRun, State

_TRANSFER_LINES = 4  # at every quarter of a download


class PlainView:
    """A :class:`densebench.reporting.live.view.View` that writes lines: one for an epoch, none for a step."""

    def __init__(self, console: Console, *, clock: Clock = time.monotonic) -> None:
        self.console = console
        self.state = State(clock)
        self._quarters: dict[str, int] = {}  # of each transfer that were written

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return None

    def begin(self, runs: Sequence[ShownRun]) -> None:
        """Say how much is to come, if it is more than one run."""
        self.state.plan(runs)
        if len(runs) > 1:
            self._write(f"{len(runs)} runs, {sum(run.epochs for run in runs):,} epochs in all")

    def on(self, event: Event) -> None:
        """Write what the event says, unless it is a step."""
        if isinstance(event, Ended):
            self._write_run(_describe_end(self.state, event))  # before the state forgets the run
        self.state.on(event)
        match event:
            case Started():
                self._write_run(_describe_start(event))
            case EpochEnded():
                self._write_run(_describe_epoch(self.state, event))
            case Message() | Warned():
                self._write(event.text)
            case Transfer():
                self._write_transfer(event)

    def _write_transfer(self, transfer: Transfer) -> None:
        quarter = _TRANSFER_LINES * transfer.done // transfer.total if transfer.total else 0
        if self._quarters.get(transfer.what, -1) < quarter:
            self._quarters[transfer.what] = quarter
            how_far = f"{100 * quarter // _TRANSFER_LINES} %" if transfer.total else "begun"
            self._write(f"{transfer.what}: {how_far}")

    def _write_run(self, parts: Iterable[str]) -> None:
        self._write(f"{self.state.run.run}: {', '.join(filter(None, parts))}")

    def _write(self, line: str) -> None:
        self.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)


def _describe_start(run: Started) -> list[str]:
    return [
        "started",
        text.describe_network(run),
        text.count(run.epochs, "epoch") + (f" of {text.count(run.steps, 'step')}" if run.steps else ""),
        f"resumed after epoch {run.first_epoch - 1}" if run.first_epoch > 1 else "",
    ]


def _describe_epoch(state: State, event: EpochEnded) -> list[str]:
    left = state.all_left
    return [
        f"epoch {state.finished}/{state.run.epochs}",
        *text.describe_epoch(event.record),
        f"about {text.format_duration(left)} left" if left else "",
    ]


def _describe_end(state: State, event: Ended) -> list[str]:
    return [f"{event.status} after {text.format_duration(state.clock() - state.run_began)}", event.reason or ""]
