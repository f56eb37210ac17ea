"""One ``densebench train`` as a user starts it, watched by what it prints; signals go to the parent or the child."""

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
    *("10x4", "--dataset", "synthetic", "--image-size", "8", "--train-limit", "120", "--test-limit", "100"),
    *("--batch-size", "20", "--deterministic", "--threads", "1"),
)
NEW_RUN = (*NETWORK, "--run", "r", "--epochs", str(EPOCHS))
RESUMED = ("--resume", "r")
POLL = 0.002  # seconds
TIMEOUT = 300.0  # seconds, enough on a busy machine


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the parent ended; a negative code is the signal that killed it."""

    code: int
    stderr: str
    seconds: float


class Training:
    """A training in ``folder``, which several may share."""

    def __init__(self, folder: Path, arguments: Sequence[str], *, fault: str = "") -> None:
        self._stderr = folder / f"stderr-{time.monotonic_ns()}.txt"
        self._began = time.monotonic()
        self._child: psutil.Process | None = None
        with self._stderr.open("wb") as stderr:
            self._parent = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=_make_environment(fault),
                process_group=0,  # in a session of its own Linux would give it as much time as all tests together
            )

    @property
    def stderr(self) -> str:
        """What it has printed on standard error so far."""
        return self._stderr.read_text()

    @property
    def child(self) -> psutil.Process | None:
        """The run's process once it exists; still known after its parent has died."""
        if self._child is None and self._parent.poll() is None:
            self._child = _find_worker(self._parent.pid)
        return self._child

    @property
    def is_over(self) -> bool:
        """Whether the parent has ended."""
        return self._parent.poll() is not None

    def wait_for(self, *texts: str) -> bool:
        """Wait until it has printed one of ``texts``; false if it ended before."""
        return self.wait_until(lambda: any(text in self.stderr for text in texts))

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait until ``condition`` is true; false if the parent ended before."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if self.is_over:
                return condition()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true after {TIMEOUT} s; standard error: {self.stderr!r}")
            time.sleep(POLL)
        return True

    def signal_parent(self, number: int) -> None:
        """Send the parent a signal, like a terminal or a scheduler. Looks up the child first."""
        _ = self.child
        if not self.is_over:
            self._parent.send_signal(number)

    def signal_child(self, number: int) -> None:
        """Send the run's process a signal, if it is running."""
        if self.child is not None and _is_running(self.child):
            self.child.send_signal(number)

    def end(self) -> Ending:
        """Wait until both processes have ended."""
        try:
            code = self._parent.wait(TIMEOUT)
            deadline = time.monotonic() + TIMEOUT
            while self._child is not None and _is_running(self._child):
                if time.monotonic() > deadline:
                    raise TimeoutError("the run's process outlived its parent")
                time.sleep(POLL)
        except BaseException:
            self.signal_child(signal.SIGKILL)
            self.signal_parent(signal.SIGKILL)
            raise
        return Ending(code=code, stderr=self.stderr, seconds=time.monotonic() - self._began)


def train(folder: Path, arguments: Sequence[str], *, fault: str = "") -> Ending:
    """Run a training from its start to its end."""
    return Training(folder, arguments, fault=fault).end()


def _make_environment(fault: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    paths = [str(INJECTION), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "INJECTED_FAULTS": fault,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "COLUMNS": "400",
    }


def _find_worker(parent: int) -> psutil.Process | None:
    try:
        children = psutil.Process(parent).children()
        return next((child for child in children if "densebench.running.worker" in child.cmdline()), None)
    except psutil.Error:
        return None


def _is_running(process: psutil.Process) -> bool:
    """Whether it runs; a zombie counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
