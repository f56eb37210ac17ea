"""What runs inside a job of SLURM: one run, which queues its job again when it is preempted."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from densebench.events import Ended, Event, Placed, Requeued, to_line
from densebench.running.launchers.protocol import QueuedRun, outcome_to_json, queued_from_json
from densebench.running.launchers.starting import make_run_or_fail

OUTCOME = b"outcome "  # begins the last line of the file of events
_LEAVE_SECONDS = 60.0  # in which SLURM ends a job that it has queued again


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """Called in the job by submitit; ``queued`` as JSON."""

    queued: str
    folder: str  # the working directory of the command
    events: str  # where what happens is written, a line each
    stop: str  # a file that is there once the user has stopped the sweep
    hides_cards: bool  # the run has asked for no card

    def __call__(self) -> None:
        """Make the run, or go on with it; ends the process where its job was queued again."""
        asked: list[int] = []
        _catch(asked)
        os.chdir(self.folder)
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        if self.hides_cards:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        queued = queued_from_json(self.queued)
        with open(self.events, "ab", buffering=0) as file:
            file.write(to_line(Placed(where=_describe_place())))
            line, ended = self._make(queued, lambda event: file.write(to_line(event)), asked)
            asked.clear()
            if ended.signal_number and not Path(self.stop).exists() and _queue_again():
                reason = f"It was preempted on {socket.gethostname()}, and is queued again."
                file.write(to_line(Requeued(reason=reason)))
                _leave(asked)
            file.write(to_line(ended))
            file.write(OUTCOME + line.encode() + b"\n")

    def _make(self, queued: QueuedRun, send: Callable[[Event], object], asked: list[int]) -> tuple[str, Ended]:
        """The outcome as JSON, and the end, which is not sent: it may not be the last."""

        def send_unless_end(event: Event) -> None:
            if not isinstance(event, Ended):
                send(event)

        config = queued.task.config
        if asked:
            ended = Ended(status="interrupted", reason="Stopped before it began.", exit_code=128 + asked[0])
            return outcome_to_json(config, ended), ended
        config, ended = make_run_or_fail(queued, send_unless_end)
        return outcome_to_json(config, ended), ended


def _catch(asked: list[int]) -> None:
    """Take SIGTERM, which submitit ignores, and SIGUSR2, at which it would leave, for a request to end.

    While the run's process goes on, SIGTERM goes to it (:func:`densebench.running.launchers.process.launch`).
    """

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(signal.SIGTERM)

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGUSR2, pass_on)


def _describe_place() -> str:
    cards = os.environ.get("CUDA_VISIBLE_DEVICES")
    return f"{socket.gethostname()} GPU {cards.replace(',', ', ')}" if cards else socket.gethostname()


def _queue_again() -> bool:
    """Queue this job again, unless somebody has cancelled it; false where that is not possible."""
    job = _find_job()
    if job is None:
        return False
    with suppress(OSError, subprocess.SubprocessError):
        state = subprocess.run(
            ["scontrol", "show", "job", "-o", job], check=False, capture_output=True, text=True, timeout=30
        )
        if "JobState=CANCELLED" in state.stdout:
            return False
        return subprocess.run(["scontrol", "requeue", job], check=False, timeout=30).returncode == 0
    return False


def _find_job() -> str | None:
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def _leave(asked: list[int]) -> None:
    """End when SLURM says so, which it may have done by now: a job that ends by itself counts as completed."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not asked:
        time.sleep(_LEAVE_SECONDS)
    os._exit(128 + signal.SIGTERM)
