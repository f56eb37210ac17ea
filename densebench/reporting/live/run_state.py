"""What a live view knows of one run: how far it is, how long an epoch takes, what that means for its end."""

import dataclasses
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from densebench.events import Ended, Entered, EpochEnded, Event, Placed, Progress, Ready, Requeued, Stage, Started
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
    in_seconds: bool = False  # whether the work is the seconds that an epoch is predicted to take


class RunState:
    """The state of one run; times in seconds of the given clock."""

    progress: Progress | None  # of the running epoch

    def __init__(self, planned: ShownRun, clock: Clock) -> None:
        self.planned = planned
        self.clock = clock
        self.where: str | None = None  # host and cards, where a launcher has said them
        self.has_ended = False
        self.is_running = False
        self.stage: Stage | None = None  # what goes on besides steps
        self.stage_began = 0.0
        self._start(_unknown(planned))

    def on(self, event: Event) -> None:
        """Take what the event says of how far the run is."""
        if isinstance(event, Progress | Ready | EpochEnded | Requeued | Ended):
            self.stage = None
        match event:
            case Placed():
                self.is_running, self.where = True, event.where
                self.run_began = self.epoch_began = self.clock()
            case Requeued():
                self.is_running, self.where = False, None
                self._start(_unknown(self.planned))
            case Started():
                self.is_running = True
                self._start(event)
            case Entered():
                self.stage, self.stage_began = event.stage, self.clock()
            case Progress():
                self.progress = event
            case EpochEnded():
                self._end_epoch(event.record)
            case Ended():
                self.has_ended, self.is_running = True, False

    def _start(self, run: Started) -> None:
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
    def epochs(self) -> int:
        """Epochs in all, as planned until the run says it."""
        return self.run.epochs or self.planned.epochs

    @property
    def epoch_fraction(self) -> float:
        """Part of the running epoch that is done, 0 to 1."""
        so_far = self.progress  # read once: another thread draws the panel
        return min(so_far.step / so_far.steps, 1.0) if so_far and so_far.steps else 0.0

    @property
    def epochs_left(self) -> float:
        """Epochs that are to be trained, with the rest of the running one."""
        return 0.0 if self.has_ended else max(self.epochs - self.finished - self.epoch_fraction, 0.0)

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
        return None if seconds is None else self.epochs_left * seconds

    @property
    def epoch_left(self) -> float | None:
        """Seconds until the running epoch ends."""
        seconds = self.epoch_seconds
        return None if seconds is None else (1 - self.epoch_fraction) * seconds

    @property
    def work_done(self) -> float:
        """In units of the planned work; an ended run counts as done."""
        done = self.planned.epochs if self.has_ended else min(self.finished + self.epoch_fraction, self.planned.epochs)
        return done * self.planned.work


def _unknown(planned: ShownRun) -> Started:
    """Nothing but its name is known of a run before it starts."""
    return dataclasses.replace(_NO_RUN, run=planned.name)
