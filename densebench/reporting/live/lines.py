"""The view for logs and pipes: one plain line an epoch, never a control character."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console

from densebench.escape import plain
from densebench.records import EpochRecord, Status
from densebench.reporting.live import text as shown
from densebench.reporting.live.state import Clock, PlannedRun, Progress

TRANSFER_LINES = 4  # at every quarter of a download


class PlainView:
    """A :class:`densebench.reporting.live.view.View` that writes lines."""

    def __init__(self, console: Console, *, clock: Clock = time.monotonic) -> None:
        self.console = console
        self.state = Progress(clock)
        self.quarters: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return None

    def begin(self, runs: Sequence[PlannedRun]) -> None:
        self.state.plan(runs)
        if len(runs) > 1:
            self.message(f"{len(runs)} runs, {sum(run.epochs for run in runs):,} epochs in all")

    def run_started(
        self, name: str, *, variant: str, params: int | None, epochs: int, steps: int | None, finished: int = 0
    ) -> None:
        self.state.start_run(name, variant=variant, params=params, epochs=epochs, steps=steps, finished=finished)
        self._say("started", *started(self.state))

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
        """Nothing: a log holds epochs, not steps."""

    def epoch_ended(self, record: EpochRecord) -> None:
        self.state.end_epoch(record)
        self._say(f"epoch {self.state.finished}/{self.state.epochs}", *figures(record), left(self.state))

    def message(self, text: str) -> None:
        self.console.print(plain(text), markup=False, highlight=False, soft_wrap=True)

    def transfer(self, what: str, done: int, total: int | None) -> None:
        quarter = TRANSFER_LINES * done // total if total else 0
        if self.quarters.get(what, -1) < quarter:
            self.quarters[what] = quarter
            self.message(f"{what}: {100 * quarter // TRANSFER_LINES} %" if total else f"{what}: begun")

    def run_ended(self, status: Status, reason: str | None = None) -> None:
        took = f"{status} after {shown.duration(self.state.clock() - self.state.run_began)}"
        self._say(took, *([reason] if reason else []))
        self.state.end_run()

    def _say(self, *parts: str) -> None:
        self.message(f"{self.state.name}: {', '.join(part for part in parts if part)}")


def started(state: Progress) -> list[str]:
    """What is known of a run when it begins."""
    return [
        f"{state.variant} of {state.params:,} parameters" if state.params is not None else state.variant,
        f"{state.epochs} epochs" + (f" of {state.steps} steps" if state.steps else ""),
        f"resumed after epoch {state.finished}" if state.finished else "",
    ]


def figures(record: EpochRecord) -> list[str]:
    """The measured figures of an epoch; those that are unknown are left out."""
    owner, used = shown.memory(record)
    return [
        shown.duration(record.epoch_seconds) if record.epoch_seconds is not None else "",
        f"{shown.rate(record.images_per_second)} images/s" if record.images_per_second is not None else "",
        _pair("train", record.train_loss, record.train_accuracy),
        _pair("test", record.test_loss, record.test_accuracy),
        f"{owner} {used}" if used != shown.UNKNOWN else "",
    ]


def left(state: Progress) -> str:
    """The estimate of the whole, as long as something is left."""
    seconds = state.all_left
    return f"about {shown.duration(seconds)} left" if seconds else ""


def _pair(split: str, loss: float | None, accuracy: float | None) -> str:
    if loss is None and accuracy is None:
        return ""
    return f"{split} loss {shown.loss(loss)} accuracy {shown.accuracy(accuracy)}"
