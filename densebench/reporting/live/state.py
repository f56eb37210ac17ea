"""What a live view knows: how far the runs are, how long an epoch takes, what that means for the end."""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from densebench.events import Ended, Entered, EpochEnded, Event, Progress, Ready, Stage, Started
from densebench.records import EpochRecord

Clock = Callable[[], float]  # seconds from any start
_KEPT = 5  # epochs shown, and averaged for the estimate
_NO_RUN = Started(run="", variant="", params=None, epochs=0, steps=None, first_epoch=1)


@dataclass(frozen=True, kw_only=True)
class ShownRun:
    """A run that is to come. ``work`` is what one epoch costs relative to the others, such as images times MACs."""

    name: str
    epochs: int
    work: float = 1.0


class State:
    """The state behind both views; times in seconds of the given clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.progress: Progress | None = None  # of the running epoch
        self.stage: Stage | None = None  # what goes on besides steps
        self.stage_began = 0.0
        self.stage_seconds: dict[Stage, float] = {}  # what each took last time, in any run
        self.plan([])

    def plan(self, runs: Sequence[ShownRun]) -> None:
        """Begin with the first of ``runs``."""
        self.planned = list(runs)
        self.ended = 0  # runs
        self._began = self.clock()
        self._await_next()

    def on(self, event: Event) -> None:
        """Take what the event says of how far the runs are."""
        if isinstance(event, Progress | Ready | Entered | EpochEnded | Ended):
            self._end_stage()
        match event:
            case Entered():
                self.stage, self.stage_began = event.stage, self.clock()
            case Started():
                self._start_run(event)
            case Progress():
                self.progress = event
            case EpochEnded():
                self._end_epoch(event.record)
            case Ended():
                self.ended += 1
                self._await_next()

    def _await_next(self) -> None:
        """Nothing but the next run's name is known before it starts."""
        name = self.planned[self.ended].name if self.ended < len(self.planned) else ""
        self._start_run(dataclasses.replace(_NO_RUN, run=name))

    def _end_stage(self) -> None:
        if self.stage is not None:
            self.stage_seconds[self.stage] = self.clock() - self.stage_began
            self.stage = None

    def _start_run(self, run: Started) -> None:
        self.run = run
        self.finished = run.first_epoch - 1  # epochs
        self.progress = None
        self.records: deque[EpochRecord] = deque(maxlen=_KEPT)
        self._durations: deque[float] = deque(maxlen=_KEPT)
        self.run_began = self.epoch_began = self.clock()

    def _end_epoch(self, record: EpochRecord) -> None:
        now = self.clock()
        self._durations.append(now - self.epoch_began)
        self.epoch_began = now
        self.records.append(record)
        self.finished = self.finished + 1 if record.epoch is None else record.epoch
        self.progress = None

    @property
    def elapsed(self) -> float:
        """Seconds since the first run was to begin."""
        return self.clock() - self._began

    @property
    def epoch_fraction(self) -> float:
        """Part of the running epoch that is done, 0 to 1."""
        so_far = self.progress  # read once: another thread draws the panel
        return min(so_far.step / so_far.steps, 1.0) if so_far and so_far.steps else 0.0

    @property
    def epoch_seconds(self) -> float | None:
        """What an epoch takes with everything around it: measured, or from the first epoch's own pace."""
        durations, fraction = list(self._durations), self.epoch_fraction
        if durations:
            return median(durations)
        return (self.clock() - self.epoch_began) / fraction if fraction else None

    @property
    def run_left(self) -> float | None:
        """Seconds until this run ends, or ``None`` while nothing is known."""
        seconds = self.epoch_seconds
        return None if seconds is None else max(self.run.epochs - self.finished - self.epoch_fraction, 0.0) * seconds

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
        """Seconds until the last run ends, each later run weighted by its work."""
        seconds, here = self.epoch_seconds, self.run_left
        if seconds is None or here is None:
            return None
        work = self.planned[self.ended].work if self.ended < len(self.planned) else 1.0
        later = sum(run.epochs * run.work for run in self.planned[self.ended + 1 :])
        return here + later * seconds / (work or 1.0)
