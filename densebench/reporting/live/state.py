"""What a live view knows: how far the runs are, how long an epoch takes, what that means for the end."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from densebench.records import EpochRecord

Clock = Callable[[], float]  # seconds from any start
KEPT = 5  # epochs shown, and averaged for the estimate


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """A run that is to come. ``work`` is what one epoch costs relative to the others, such as images times MACs."""

    name: str
    epochs: int
    work: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """The newest figures of the running epoch."""

    epoch: int
    step: int
    steps: int
    loss: float | None = None
    accuracy: float | None = None
    images_per_second: float | None = None


class Progress:
    """The state behind both views; times in seconds of the given clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.began = clock()
        self.planned: list[PlannedRun] = []
        self.ended = 0  # runs
        self.start_run("", variant="", params=None, epochs=0, steps=None, finished=0)

    def plan(self, runs: Sequence[PlannedRun]) -> None:
        self.planned, self.ended, self.began = list(runs), 0, self.clock()

    def start_run(
        self, name: str, *, variant: str, params: int | None, epochs: int, steps: int | None, finished: int
    ) -> None:
        self.name, self.variant, self.params, self.epochs, self.steps = name, variant, params, epochs, steps
        self.finished = finished
        self.step: Step | None = None
        self.records: deque[EpochRecord] = deque(maxlen=KEPT)
        self.durations: deque[float] = deque(maxlen=KEPT)
        self.run_began = self.epoch_began = self.clock()

    def end_epoch(self, record: EpochRecord) -> None:
        now = self.clock()
        self.durations.append(now - self.epoch_began)
        self.epoch_began = now
        self.records.append(record)
        self.finished = self.finished + 1 if record.epoch is None else record.epoch
        self.step = None

    def end_run(self) -> None:
        self.ended += 1
        self.start_run("", variant="", params=None, epochs=0, steps=None, finished=0)

    @property
    def elapsed(self) -> float:
        return self.clock() - self.began

    @property
    def epoch_fraction(self) -> float:
        """Part of the running epoch that is done, 0 to 1."""
        step = self.step  # the panel is drawn by a thread of its own: look once
        return min(step.step / step.steps, 1.0) if step and step.steps else 0.0

    @property
    def epoch_seconds(self) -> float | None:
        """What an epoch takes with everything around it: measured, or from the first epoch's own pace."""
        durations, fraction = list(self.durations), self.epoch_fraction
        if durations:
            return median(durations)
        return (self.clock() - self.epoch_began) / fraction if fraction else None

    @property
    def run_left(self) -> float | None:
        """Seconds until this run ends, or ``None`` while nothing is known."""
        seconds = self.epoch_seconds
        return None if seconds is None else max(self.epochs - self.finished - self.epoch_fraction, 0.0) * seconds

    @property
    def epoch_left(self) -> float | None:
        """Seconds until the running epoch ends."""
        seconds = self.epoch_seconds
        return None if seconds is None else (1 - self.epoch_fraction) * seconds

    @property
    def all_done(self) -> float:
        """Part of the planned work that is done, 0 to 1."""
        whole = sum(run.epochs * run.work for run in self.planned)
        before = sum(run.epochs * run.work for run in self.planned[: self.ended])
        running = self.planned[self.ended].work if self.ended < len(self.planned) else 0.0
        return (before + running * (self.finished + self.epoch_fraction)) / whole if whole else 0.0

    @property
    def all_left(self) -> float | None:
        """Seconds until the last run ends, each later run weighed by its work."""
        seconds, here = self.epoch_seconds, self.run_left
        if seconds is None or here is None:
            return None
        work = self.planned[self.ended].work if self.ended < len(self.planned) else 1.0
        later = sum(run.epochs * run.work for run in self.planned[self.ended + 1 :])
        return here + later * seconds / (work or 1.0)
