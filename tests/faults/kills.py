"""What may befall a run: a process killed or asked to stop, at a random moment or at a given point of a write."""

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
# which points a checkpoint's and a row's writing have, and how often each is reached
POINTS = {
    "checkpoint": (("open", 1), ("write", 6), ("sync", 1), ("replace", 2), ("sync-directory", 1)),
    "csv": (("open", 1), ("write", 1), ("sync", 1), ("replace", 1), ("sync-directory", 1)),
}
SIGNALS = {
    "SIGKILL of child": (None, signal.SIGKILL),
    "SIGKILL of parent": (signal.SIGKILL, None),
    "SIGKILL of both": (signal.SIGKILL, signal.SIGKILL),
    "SIGTERM": (signal.SIGTERM, None),
    "SIGTERM to both": (signal.SIGTERM, signal.SIGTERM),  # as a scheduler does that ends every process of a job
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
class Blow:
    """One kill: at a point of a write (``fault``), or so many seconds after the start or after a line was printed."""

    kind: str
    fault: str = ""
    after: str | None = None
    seconds: float = 0.0

    @property
    def at(self) -> str:
        """When, in words."""
        return self.fault or f"{self.seconds:.3f} s after {self.after or 'the start'}"


def drawn(chance: random.Random, rows: int) -> Blow:
    """A random blow to a run that has ``rows`` finished epochs."""
    if chance.random() < 0.5:
        return _inside_a_write(chance)
    kind = chance.choice(list(SIGNALS))
    if chance.random() < 0.2:
        return Blow(kind=kind, seconds=chance.uniform(0.2, 5.0))
    ahead = chance.choice((0, 0, 1, 1, 2))
    epoch = min(rows + ahead, EPOCHS)
    after = f"epoch {epoch}/{EPOCHS}" if ahead else "started"
    return Blow(kind=kind, after=after, seconds=chance.uniform(0.0, 0.15))


def dealt(training: Training, blow: Blow) -> bool:
    """Wait for the moment and strike; false if the run ended before. A blow by injection falls by itself."""
    if blow.fault:
        return True
    if blow.after is not None and not training.wait_for(blow.after):
        return False
    deadline = time.monotonic() + blow.seconds
    training.wait_until(lambda: time.monotonic() >= deadline)
    if training.is_over:
        return False
    _ = training.child  # which is unknown once its parent is dead
    to_parent, to_child = SIGNALS[blow.kind]
    if to_parent is not None:
        training.signal_parent(to_parent)
    if to_child is not None:
        training.signal_child(to_child)
    return True


def _inside_a_write(chance: random.Random) -> Blow:
    target = chance.choice(("checkpoint", "checkpoint", "checkpoint", "csv", "csv"))
    operation, times = chance.choice(POINTS[target])
    actions = [action for action in ACTIONS if operation == "write" or action != "kill-inside"]
    action = chance.choice(actions)
    save = chance.choice((1, 1, 2)) if target == "checkpoint" else chance.choice((0, 1, 1, 2))
    return Blow(kind=ACTIONS[action], fault=f"{save}:{target}.{operation}:{chance.randint(1, times)}:{action}")


def place(blow: Blow, said: str, torn: tuple[str, ...], rows: int, checkpoint: int) -> str:
    """Where the run was, by the evidence: what it left torn, what it had said, how far its files were."""
    if "checkpoint" in blow.fault or any("checkpoint" in Path(name).name for name in torn):
        return CHECKPOINT
    if "csv" in blow.fault or torn or checkpoint > rows:
        return CSV  # or between the checkpoint and its row
    if rows == EPOCHS:
        return AFTER
    return EPOCH if ": started, " in said else BEFORE
