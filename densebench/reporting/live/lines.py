"""The view for logs and pipes: one plain line an epoch, never a control character."""

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console

from densebench.errors import count_noun
from densebench.escape import plain
from densebench.events import Ended, EpochEnded, Event, Message, Requeued, Started, Transfer, Warned
from densebench.reporting.live import text
from densebench.reporting.live.run_state import Clock, RunState, ShownRun
from densebench.reporting.live.state import State

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

    def on(self, event: Event, run: str = "") -> None:
        """Write what the event says, unless it is a step."""
        shown = self.state.find(run)
        if isinstance(event, Ended):
            self._write_run(shown, _describe_end(shown, event))  # before the state forgets the run
        self.state.on(event, run)
        match event:
            case Started():
                self._write_run(shown, _describe_start(event, shown))
            case EpochEnded():
                self._write_run(shown, _describe_epoch(self.state, shown, event))
            case Message() | Warned():
                self._write(text.say(event.text, shown, prefixed=self.state.is_spread and run != ""))
            case Requeued():
                self._write(text.say(event.reason, shown, prefixed=True))
            case Transfer():
                self._write_transfer(event)

    def _write_transfer(self, transfer: Transfer) -> None:
        quarter = _TRANSFER_LINES * transfer.done // transfer.total if transfer.total else 0
        if self._quarters.get(transfer.what, -1) < quarter:
            self._quarters[transfer.what] = quarter
            how_far = f"{100 * quarter // _TRANSFER_LINES} %" if transfer.total else "begun"
            self._write(f"{transfer.what}: {how_far}")

    def _write_run(self, run: RunState, parts: Iterable[str]) -> None:
        self._write(f"{run.run.run}: {', '.join(filter(None, parts))}")

    def _write(self, line: str) -> None:
        self.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)


def _describe_start(event: Started, run: RunState) -> list[str]:
    return [
        f"started on {run.where}" if run.where else "started",
        text.describe_network(event),
        count_noun(event.epochs, "epoch") + (f" of {count_noun(event.steps, 'step')}" if event.steps else ""),
        f"resumed after epoch {event.first_epoch - 1}" if event.first_epoch > 1 else "",
    ]


def _describe_epoch(state: State, run: RunState, event: EpochEnded) -> list[str]:
    left = state.all_left
    return [
        f"epoch {run.finished}/{run.epochs}",
        *text.describe_epoch(event.record),
        f"about {text.format_duration(left)} left{' for all' if state.is_spread else ''}" if left else "",
    ]


def _describe_end(run: RunState, event: Ended) -> list[str]:
    return [f"{event.status} after {text.format_duration(run.clock() - run.run_began)}", event.reason or ""]
