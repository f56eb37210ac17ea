"""What the tests of faults look at: runs to which something happens, several things to one run where they can."""

import shutil
import signal
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from inspection import NEWEST, PREVIOUS, Found, Reference, final_differences, inspect
from training_process import NETWORK, NEW_RUN, RESUMED, Ending, Training, trained

from densebench.records import Run
from densebench.results import csv_file

SKIPPING = (*NETWORK, "--seeds", "0,1", "--epochs", "2", "--skip-completed")
# a kill at each decisive point of a checkpoint's write, and what the newest checkpoint must then be: the third
# epoch's is written again and again, as none of the first five kills lets it stand
CHECKPOINT_POINTS = {
    "3:checkpoint.open:1:kill-after": 2,
    "1:checkpoint.write:3:kill-inside": 2,
    "1:checkpoint.sync:1:kill-before": 2,
    "1:checkpoint.replace:1:kill-before": 2,
    "1:checkpoint.replace:1:kill-both": 2,
    "1:checkpoint.replace:2:kill-before": 2,
    "1:checkpoint.replace:2:kill-after": 3,
}
# one at each epoch's boundary, where the checkpoint stands and its row is being written, and the rows that must stand
ROW_POINTS = {
    "1:csv.open:2:kill-both": 0,
    "1:csv.write:1:kill-inside": 1,
    "1:csv.sync:1:kill-both": 2,
    "1:csv.replace:1:kill-before": 3,
    "1:csv.sync-directory:1:kill-after": 5,
}
# in the third step of the first, the third and the last epoch
STEP_POINTS = {"step:3:kill": 0, "step:15:kill": 2, "step:21:kill": 5}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One start of a run, how it ended, and what it left."""

    ending: Ending
    found: Found
    row: Run | None


class Story:
    """Run ``r`` in a folder of its own."""

    def __init__(self, folder: Path, reference: "Future[Reference]", backend: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.backend = ("--backend", backend)
        self._reference = reference
        self.directory = folder / "runs" / "r"
        self.row = folder / "results" / "r.csv"

    @property
    def reference(self) -> Reference:
        """The run without interruption."""
        return self._reference.result()

    def start(self, fault: str = "", *, options: tuple[str, ...] = ()) -> Training:
        """Start or resume the run."""
        begun = (self.directory / "config.json").exists()
        return Training(self.folder, RESUMED if begun else (*NEW_RUN, *self.backend, *options), fault=fault)

    def scene(self, training: Training) -> Scene:
        """Wait for its end and look at what it left."""
        ending = training.end()
        row = csv_file.read(self.row)[0] if self.row.exists() else None
        return Scene(ending=ending, found=inspect(self.folder, self.reference), row=row)

    def differences(self) -> list[str]:
        """Where the ended run differs from the one without interruption."""
        return final_differences(self.folder, self.reference)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The scenes of a story by what happened in them, and where the run in the end was not the uninterrupted one."""

    scenes: dict[str, Scene]
    differences: list[str]


def struck_at(points: dict[str, int]) -> Callable[[Story], Told]:
    """A run killed at one point after another, each time resumed."""

    def tell(story: Story) -> Told:
        scenes = {fault: story.scene(story.start(fault)) for fault in points}
        scenes["end"] = story.scene(story.start())
        return Told(scenes=scenes, differences=story.differences())

    return tell


def asked_to_stop(story: Story) -> Told:
    """Signals of every kind; the last start ends the run."""
    scenes = {}
    training = story.start()
    training.wait_for("started")
    training.signal_child(signal.SIGSTOP)  # so that nothing can answer
    scenes["second run"] = story.scene(story.start())
    for _ in range(2):
        training.signal_parent(signal.SIGINT)
        time.sleep(0.2)
    scenes["second Ctrl-C"] = story.scene(training)
    for name, line, number in (
        ("SIGTERM", "epoch 1/6", signal.SIGTERM),
        ("SIGINT", "started", signal.SIGINT),
        ("parent killed", "epoch", signal.SIGKILL),
    ):
        training = story.start()
        training.wait_for(line)
        training.signal_parent(number)
        scenes[name] = story.scene(training)
    training = story.start()
    training.wait_until(lambda: training.child is not None)
    time.sleep(1.0)  # a framework is being imported
    training.signal_parent(signal.SIGTERM)
    training.signal_child(signal.SIGTERM)  # as a scheduler does
    scenes["SIGTERM while preparing"] = story.scene(training)
    scenes["end"] = story.scene(story.start())
    return Told(scenes=scenes, differences=story.differences())


def in_trouble(story: Story) -> Told:
    """Disks, memory, numbers, clocks and bits that fail; the run is finished all the same."""
    faults = {
        "checkpoint on a full disk": "3:checkpoint.write:2:full",
        "row on a full disk": "1:csv.write:1:full",
        "read-only": "2:checkpoint.open:1:read-only",
        "out of memory": "step:4:out-of-memory",
        "NaN": "step:8:nan",
    }
    scenes = {name: story.scene(story.start(fault)) for name, fault in faults.items()}
    flip_a_bit(story.directory / NEWEST)
    scenes["flipped bit, clock set back"] = story.scene(story.start("clock:backwards exit:crash"))
    differences = story.differences()
    (story.directory / NEWEST).write_bytes(b"torn")
    flip_a_bit(story.directory / PREVIOUS)
    scenes["both damaged"] = story.scene(story.start())
    return Told(scenes=scenes, differences=differences)


def diverging(story: Story) -> Told:
    """A learning rate that no network stands."""
    return Told(scenes={"end": story.scene(story.start(options=("--learning-rate", "999999")))}, differences=[])


def robbed(story: Story) -> Told:
    """The run's directory removed while it trains."""
    training = story.start()
    training.wait_for("epoch 2/6")
    training.signal_child(signal.SIGSTOP)
    shutil.rmtree(story.directory)
    training.signal_child(signal.SIGCONT)
    return Told(scenes={"end": story.scene(training)}, differences=[])


def skipping(story: Story) -> list[tuple[Ending, dict[str, bytes]]]:
    """Two seeds, both processes killed in the second epoch of each, started with one and the same command."""
    told = []
    for _ in range(4):
        ending = trained(story.folder, (*SKIPPING, *story.backend), fault="2:checkpoint.open:1:kill-both")
        rows = {path.name: path.read_bytes() for path in (story.folder / "results").glob("*.csv")}
        told.append((ending, rows))
    return told


def flip_a_bit(path: Path) -> None:
    """In the middle of the largest member: between members lie bytes that mean nothing."""
    with zipfile.ZipFile(path) as archive:
        member = max(archive.infolist(), key=lambda info: info.file_size)
    content = bytearray(path.read_bytes())
    content[member.header_offset + len(member.FileHeader()) + member.file_size // 2] ^= 1
    path.write_bytes(content)
