"""One ``densebench train`` as a user starts it: parent and child, watched by what it prints, and hit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

INJECTION = Path(__file__).with_name("injection")
COMMAND = (sys.executable, "-c", "from densebench.cli import main; main()", "train")
EPOCHS = 6
NETWORK = (
    *("10x4", "--dataset", "digits", "--image-size", "8", "--train-limit", "120", "--test-limit", "100"),
    *("--batch-size", "20", "--deterministic", "--threads", "1"),
)
NEW_RUN = (*NETWORK, "--run", "r", "--epochs", str(EPOCHS))
RESUMED = ("--resume", "r")
POLL = 0.002  # seconds
PATIENCE = 300.0  # seconds, on a machine that has much else to do


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the parent ended; a negative code is the signal that killed it."""

    code: int
    said: str  # on standard error
    seconds: float


class Training:
    """A training in ``folder``, which it may share with others."""

    def __init__(self, folder: Path, arguments: Sequence[str], *, fault: str = "") -> None:
        self._said = folder / f"said-{time.monotonic_ns()}.txt"
        self._began = time.monotonic()
        self._child: psutil.Process | None = None
        with self._said.open("wb") as said:
            self._parent = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=_environment(fault),
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """What it has printed on standard error."""
        return self._said.read_text()

    @property
    def child(self) -> psutil.Process | None:
        """The run's own process, once it is there; remembered when its parent has died."""
        if self._child is None and self._parent.poll() is None:
            self._child = _worker_of(self._parent.pid)
        return self._child

    @property
    def is_over(self) -> bool:
        """Whether the parent has ended."""
        return self._parent.poll() is not None

    def wait_for(self, *texts: str) -> bool:
        """Wait until it has said one of ``texts``; false if it ended before."""
        return self.wait_until(lambda: any(text in self.said for text in texts))

    def wait_until(self, holds: Callable[[], bool]) -> bool:
        """Wait until that holds; false if the parent ended before."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if self.is_over:
                return holds()
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {PATIENCE} s for it; it has said {self.said!r}")
            time.sleep(POLL)
        return True

    def signal_parent(self, number: int) -> None:
        """Send the parent a signal, as a terminal does, or a scheduler; the child is known from now on."""
        _ = self.child
        if not self.is_over:
            self._parent.send_signal(number)

    def signal_child(self, number: int) -> None:
        """Send the run's own process a signal, if there is one."""
        if self.child is not None and _lives(self.child):
            self.child.send_signal(number)

    def end(self) -> Ending:
        """Wait until both processes are gone."""
        try:
            code = self._parent.wait(PATIENCE)
            deadline = time.monotonic() + PATIENCE
            while self._child is not None and _lives(self._child):
                if time.monotonic() > deadline:
                    raise TimeoutError("the run's process outlived its parent")
                time.sleep(POLL)
        except BaseException:
            self.signal_child(signal.SIGKILL)
            self.signal_parent(signal.SIGKILL)
            raise
        return Ending(code=code, said=self.said, seconds=time.monotonic() - self._began)


def trained(folder: Path, arguments: Sequence[str], *, fault: str = "") -> Ending:
    """A training from its start to its end."""
    return Training(folder, arguments, fault=fault).end()


def _environment(fault: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    paths = [str(INJECTION), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "DENSEBENCH_TEST_FAULT": fault,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "COLUMNS": "400",
    }


def _worker_of(parent: int) -> psutil.Process | None:
    try:
        children = psutil.Process(parent).children()
        return next((child for child in children if "densebench.running.worker" in child.cmdline()), None)
    except psutil.Error:
        return None


def _lives(process: psutil.Process) -> bool:
    """An orphan that nobody has waited for yet is as good as gone."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
