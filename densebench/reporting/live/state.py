"""What a live view knows: how far the runs are, and what that means for the end of all."""

from collections.abc import Sequence

from densebench.events import Ended, EpochEnded, Event, Placed, Stage
from densebench.reporting.live.run_state import Clock, RunState, ShownRun

_NAMELESS = ShownRun(name="", epochs=0)


class State:
    """The state behind both views; times in seconds of the given clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.stage_seconds: dict[Stage, float] = {}  # what each took last time, in any run
        self.plan([])

    def plan(self, runs: Sequence[ShownRun]) -> None:
        """Begin with the first of ``runs``."""
        self._runs = {shown.name: RunState(shown, self.clock) for shown in runs}
        self.is_spread = False  # over places that a launcher gives; else one run goes after another
        self.ended = 0  # runs
        self._pace: float | None = 1.0 if runs and all(shown.in_seconds for shown in runs) else None
        self._began = self.clock()
        self._await_next()

    def find(self, run: str) -> RunState:
        """The run of that planned name, or the current one."""
        return self._runs.get(run, self.current)

    def on(self, event: Event, run: str = "") -> None:
        """Take what the event says of the run of that name, or of the current one."""
        self.current = target = self.find(run)
        before = target.stage, target.stage_began
        target.on(event)
        if before[0] is not None and before != (target.stage, target.stage_began):
            self.stage_seconds[before[0]] = self.clock() - before[1]
        match event:
            case Placed():
                self.is_spread = True
            case EpochEnded() if target.epoch_seconds is not None and target.planned.work:
                self._pace = target.epoch_seconds / target.planned.work
            case Ended():
                self.ended += 1
                self._await_next()

    def _await_next(self) -> None:
        waiting = (run for run in self._runs.values() if not run.has_ended)
        self.current = next(waiting, RunState(_NAMELESS, self.clock))
        if not self.current.is_running:
            self.current.run_began = self.current.epoch_began = self.clock()

    @property
    def count(self) -> int:
        """Planned runs."""
        return len(self._runs)

    @property
    def running(self) -> list[RunState]:
        """The runs that have a place, in the order of the plan."""
        return [run for run in list(self._runs.values()) if run.is_running]

    @property
    def elapsed(self) -> float:
        """Seconds since the first run was to begin."""
        return self.clock() - self._began

    @property
    def all_done(self) -> float:
        """Part of the planned work that is done, 0 to 1."""
        whole = sum(run.planned.epochs * run.planned.work for run in self._runs.values())
        return sum(run.work_done for run in self._runs.values()) / whole if whole else 0.0

    @property
    def all_left(self) -> float | None:
        """Seconds until the last run ends: of what was measured, else of what was predicted.

        Runs that wait take as many places as are taken now.
        """
        left = [self.estimate(run) for run in list(self._runs.values()) or [self.current] if not run.has_ended]
        known = [seconds for seconds in left if seconds is not None]
        if not known or len(known) < len(left):
            return None
        return max(sum(known) / max(len(self.running), 1), *(known if self.is_spread else [0.0]))

    def estimate(self, run: RunState) -> float | None:
        """Seconds until that run ends, by its own epochs, else by the pace of the others or the prediction."""
        if run.run_left is not None:
            return run.run_left
        own = self.current.epoch_seconds if not self.is_spread and self.current.planned.work else None
        pace = self._pace if own is None else own / self.current.planned.work
        return None if pace is None else run.epochs_left * run.planned.work * pace
