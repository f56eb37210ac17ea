"""The scenarios of the fault tests: runs that are killed, signalled or damaged, several faults to a run if possible."""

import shutil
import signal
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from inspection import NEWEST, PREVIOUS, Found, Reference, find_final_differences, inspect
from training_process import NETWORK, NEW_RUN, RESUMED, Ending, Training, train

from densebench.records import Run
from densebench.results import csv_file

SKIPPING = (*NETWORK, "--seeds", "0,1", "--epochs", "2", "--skip-completed")
# A kill at each critical point of a checkpoint's write, and the epoch of the newest checkpoint after it. The third
# epoch's checkpoint is written repeatedly, because none of the first six kills lets it be completed.
CHECKPOINT_POINTS = {
    "3:checkpoint.open:1:kill-after": 2,
    "1:checkpoint.write:3:kill-inside": 2,
    "1:checkpoint.sync:1:kill-before": 2,
    "1:checkpoint.replace:1:kill-before": 2,
    "1:checkpoint.replace:1:kill-both": 2,
    "1:checkpoint.replace:2:kill-before": 2,
    "1:checkpoint.replace:2:kill-after": 3,
}
# A kill between each two epochs, after the checkpoint while its row is written, and the number of rows after it.
ROW_POINTS = {
    "1:csv.open:2:kill-both": 0,
    "1:csv.write:1:kill-inside": 1,
    "1:csv.sync:1:kill-both": 2,
    "1:csv.replace:1:kill-before": 3,
    "1:csv.sync-directory:1:kill-after": 5,
}
# A kill in the third step of the first, the third and the last epoch, and the number of rows after it.
STEP_POINTS = {"step:3:kill": 0, "step:15:kill": 2, "step:21:kill": 5}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One start of a run: how it ended and what it left on disk."""

    ending: Ending
    found: Found
    row: Run | None


class Scenario:
    """Run ``r`` in its own folder."""

    def __init__(self, folder: Path, reference: "Future[Reference]", backend: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.backend = ("--backend", backend)
        self._reference = reference
        self.directory = folder / "runs" / "r"
        self.row = folder / "results" / "r.csv"

    @property
    def reference(self) -> Reference:
        """The run without interruption, once it has been trained."""
        return self._reference.result()

    def start(self, fault: str = "", *, options: tuple[str, ...] = ()) -> Training:
        """Start or resume the run."""
        begun = (self.directory / "config.json").exists()
        return Training(self.folder, RESUMED if begun else (*NEW_RUN, *self.backend, *options), fault=fault)

    def finish(self, training: Training) -> Attempt:
        """Wait for a training's end and inspect what it left."""
        ending = training.end()
        row = csv_file.read(self.row)[0] if self.row.exists() else None
        return Attempt(ending=ending, found=inspect(self.folder, self.reference), row=row)

    def find_differences(self) -> list[str]:
        """List how the ended run differs from the one without interruption."""
        return find_final_differences(self.folder, self.reference)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The attempts of a scenario by what happened in each, and how the final run differs from the uninterrupted one."""

    attempts: dict[str, Attempt]
    differences: list[str]


def kill_at(points: dict[str, int]) -> Callable[[Scenario], Outcome]:
    """Make a scenario that kills a run at each point in turn and resumes it every time."""

    def play(scenario: Scenario) -> Outcome:
        attempts = {fault: scenario.finish(scenario.start(fault)) for fault in points}
        attempts["end"] = scenario.finish(scenario.start())
        return Outcome(attempts=attempts, differences=scenario.find_differences())

    return play


def send_signals(scenario: Scenario) -> Outcome:
    """Stop the run by each kind of signal, then let it complete."""
    attempts = {}
    training = scenario.start()
    training.wait_for("started")
    training.signal_child(signal.SIGSTOP)  # so that the run cannot react
    attempts["second run"] = scenario.finish(scenario.start())
    for _ in range(2):
        training.signal_parent(signal.SIGINT)
        time.sleep(0.2)
    attempts["second Ctrl-C"] = scenario.finish(training)
    for name, line, number in (
        ("SIGTERM", "epoch 1/6", signal.SIGTERM),
        ("SIGINT", "started", signal.SIGINT),
        ("parent killed", "epoch", signal.SIGKILL),
    ):
        training = scenario.start()
        training.wait_for(line)
        training.signal_parent(number)
        attempts[name] = scenario.finish(training)
    training = scenario.start()
    training.wait_until(lambda: training.child is not None)
    time.sleep(1.0)  # while the framework is imported
    training.signal_parent(signal.SIGTERM)
    training.signal_child(signal.SIGTERM)  # like a scheduler
    attempts["SIGTERM while preparing"] = scenario.finish(training)
    attempts["end"] = scenario.finish(scenario.start())
    return Outcome(attempts=attempts, differences=scenario.find_differences())


def inject_faults(scenario: Scenario) -> Outcome:
    """Disk, memory, numeric, clock and bit faults, one per attempt; the run still completes."""
    faults = {
        "checkpoint on a full disk": "3:checkpoint.write:2:full",
        "row on a full disk": "1:csv.write:1:full",
        "read-only": "2:checkpoint.open:1:read-only",
        "out of memory": "step:4:out-of-memory",
        "NaN": "step:8:nan",
    }
    attempts = {name: scenario.finish(scenario.start(fault)) for name, fault in faults.items()}
    flip_a_bit(scenario.directory / NEWEST)
    attempts["flipped bit, clock set back"] = scenario.finish(scenario.start("clock:backwards exit:crash"))
    differences = scenario.find_differences()
    (scenario.directory / NEWEST).write_bytes(b"torn")
    flip_a_bit(scenario.directory / PREVIOUS)
    attempts["both damaged"] = scenario.finish(scenario.start())
    return Outcome(attempts=attempts, differences=differences)


def diverge(scenario: Scenario) -> Outcome:
    """Train at a learning rate at which every network diverges."""
    return Outcome(
        attempts={"end": scenario.finish(scenario.start(options=("--learning-rate", "999999")))}, differences=[]
    )


def remove_directory(scenario: Scenario) -> Outcome:
    """Remove the run's directory while it trains."""
    training = scenario.start()
    training.wait_for("epoch 2/6")
    training.signal_child(signal.SIGSTOP)
    shutil.rmtree(scenario.directory)
    training.signal_child(signal.SIGCONT)
    return Outcome(attempts={"end": scenario.finish(training)}, differences=[])


def skip_completed(scenario: Scenario) -> list[tuple[Ending, dict[str, bytes]]]:
    """Train two seeds by four calls of one command; both processes are killed in the second epoch of each seed."""
    calls = []
    for _ in range(4):
        ending = train(scenario.folder, (*SKIPPING, *scenario.backend), fault="2:checkpoint.open:1:kill-both")
        rows = {path.name: path.read_bytes() for path in (scenario.folder / "results").glob("*.csv")}
        calls.append((ending, rows))
    return calls


def flip_a_bit(path: Path) -> None:
    """Flip a bit in the middle of the largest member; bytes between members would not matter."""
    with zipfile.ZipFile(path) as archive:
        member = max(archive.infolist(), key=lambda info: info.file_size)
    content = bytearray(path.read_bytes())
    content[member.header_offset + len(member.FileHeader()) + member.file_size // 2] ^= 1
    path.write_bytes(content)
