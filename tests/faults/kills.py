"""Kills to be done to a run: a signal to a process, at a random moment or at a given point of a write."""

import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from training_process import EPOCHS, Training

BEFORE, EPOCH, CHECKPOINT, CSV, AFTER = (
    "before the first step",
    "inside an epoch",
    "in a checkpoint write",
    "in a CSV write",
    "after the last epoch",
)
# the points in writing a checkpoint or a row, and how often each is reached
POINTS = {
    "checkpoint": (("open", 1), ("write", 6), ("sync", 1), ("replace", 2), ("sync-directory", 1)),
    "csv": (("open", 1), ("write", 1), ("sync", 1), ("replace", 1), ("sync-directory", 1)),
}
SIGNALS = {
    "SIGKILL of child": (None, signal.SIGKILL),
    "SIGKILL of parent": (signal.SIGKILL, None),
    "SIGKILL of both": (signal.SIGKILL, signal.SIGKILL),
    "SIGTERM": (signal.SIGTERM, None),
    "SIGTERM to both": (signal.SIGTERM, signal.SIGTERM),  # like a scheduler that ends every process of a job
    "SIGINT": (signal.SIGINT, None),
}
ACTIONS = {
    "kill-before": "SIGKILL of child",
    "kill-inside": "SIGKILL of child",
    "kill-after": "SIGKILL of child",
    "kill-both": "SIGKILL of both",
    "terminate": "SIGTERM",
}


@dataclass(frozen=True, kw_only=True)
class PlannedKill:
    """One kill: at a point of a write (``fault``), or ``seconds`` after the start or after a line was printed."""

    kind: str
    fault: str = ""
    after: str | None = None
    seconds: float = 0.0

    @property
    def at(self) -> str:
        """When, in words."""
        return self.fault or f"{self.seconds:.3f} s after {self.after or 'the start'}"


def draw_kill(chance: random.Random, rows: int) -> PlannedKill:
    """Draw a random kill for a run that has ``rows`` finished epochs."""
    if chance.random() < 0.5:
        return _draw_kill_inside_a_write(chance)
    kind = chance.choice(list(SIGNALS))
    if chance.random() < 0.2:
        return PlannedKill(kind=kind, seconds=chance.uniform(0.2, 5.0))
    ahead = chance.choice((0, 0, 1, 1, 2))
    epoch = min(rows + ahead, EPOCHS)
    after = f"epoch {epoch}/{EPOCHS}" if ahead else "started"
    return PlannedKill(kind=kind, after=after, seconds=chance.uniform(0.0, 0.15))


def carry_out(training: Training, planned: PlannedKill) -> bool:
    """Wait for the moment and send the signals; false if the run ended before. An injected kill needs nothing."""
    if planned.fault:
        return True
    if planned.after is not None and not training.wait_for(planned.after):
        return False
    deadline = time.monotonic() + planned.seconds
    training.wait_until(lambda: time.monotonic() >= deadline)
    if training.is_over:
        return False
    _ = training.child  # look it up now: it cannot be found once its parent is dead
    to_parent, to_child = SIGNALS[planned.kind]
    if to_parent is not None:
        training.signal_parent(to_parent)
    if to_child is not None:
        training.signal_child(to_child)
    return True


def _draw_kill_inside_a_write(chance: random.Random) -> PlannedKill:
    target = chance.choice(("checkpoint", "checkpoint", "checkpoint", "csv", "csv"))
    operation, times = chance.choice(POINTS[target])
    actions = [action for action in ACTIONS if operation == "write" or action != "kill-inside"]
    action = chance.choice(actions)
    save = chance.choice((1, 1, 2)) if target == "checkpoint" else chance.choice((0, 1, 1, 2))
    return PlannedKill(kind=ACTIONS[action], fault=f"{save}:{target}.{operation}:{chance.randint(1, times)}:{action}")


def locate(planned: PlannedKill, stderr: str, torn: tuple[str, ...], rows: int, checkpoint: int) -> str:
    """Where the run was, judged by its half-written files, its output and how far its files had come."""
    if "checkpoint" in planned.fault or any("checkpoint" in Path(name).name for name in torn):
        return CHECKPOINT
    if "csv" in planned.fault or torn or checkpoint > rows:
        return CSV  # or between writing the checkpoint and the row
    if rows == EPOCHS:
        return AFTER
    return EPOCH if ": started, " in stderr else BEFORE
