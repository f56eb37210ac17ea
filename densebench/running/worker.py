"""The child's side: does one task in a process of its own and owns all its files.

Started by the launcher as ``python -m densebench.running.worker`` with the task as JSON on standard input.
"""

import contextlib
import dataclasses
import os
import sys
import traceback
from typing import NoReturn

from densebench.errors import DensebenchError, Interrupted, RunFailed
from densebench.events import Ended
from densebench.measuring.malloc import keep_large_buffers
from densebench.records import Phase
from densebench.running import tasks
from densebench.running.book import Book
from densebench.running.channel import Channel
from densebench.running.directory import owned, run_directory
from densebench.running.stopping import Stopper
from densebench.running.tasks import EvaluateTask, SpeedTask, Task, TrainTask

PHASES: dict[type[Task], Phase] = {TrainTask: "train", EvaluateTask: "eval", SpeedTask: "speed"}


def main() -> int:
    """Do the task on standard input; returns the exit code, which the last event carries too."""
    channel = Channel(int(os.environ["DENSEBENCH_EVENTS_FD"]))
    stopper = Stopper(channel)
    keep_large_buffers()
    ended = _attempt(tasks.from_json(sys.stdin.read()), channel, stopper)
    channel.send(ended)
    return ended.exit_code


def _attempt(task: Task, channel: Channel, stopper: Stopper) -> Ended:
    """Do the task, say how it ended whatever was raised, and write that into the run's row."""
    try:
        with owned(run_directory(task.config.runs_dir, task.config.run)):
            book = Book.opened(task.config, PHASES[type(task)])
            return _entered(book, _outcome(task, book, channel, stopper))
    except DensebenchError as error:  # the directory or the row itself is out of reach
        return Ended(status="failed", reason=str(error), exit_code=error.exit_code)


def _outcome(task: Task, book: Book, channel: Channel, stopper: Stopper) -> Ended:
    try:
        with stopper.heeded():
            _perform(task, book, channel, stopper)
    except Interrupted as error:
        return _interrupted(error)
    except DensebenchError as error:
        return Ended(status="failed", reason=str(error), exit_code=error.exit_code)
    except Exception as error:
        traceback.print_exc()
        if stopper.interruption is not None:  # a framework that is interrupted while it loads raises what it likes
            return _interrupted(stopper.interruption)
        return Ended(status="failed", reason=_unforeseen(error), exit_code=RunFailed.exit_code)
    return Ended(status="completed", reason=None, exit_code=0)


def _entered(book: Book, ended: Ended) -> Ended:
    """How the run ended, as soon as its row says so; where the row cannot be written, that too."""
    try:
        book.update(dataclasses.replace(book.run, status=ended.status, reason=ended.reason))
    except DensebenchError as error:
        reason = " ".join(dict.fromkeys(filter(None, (ended.reason, str(error)))))
        return Ended(status="failed", reason=reason, exit_code=ended.exit_code or error.exit_code)
    return ended


def _interrupted(error: Interrupted) -> Ended:
    return Ended(status="interrupted", reason=str(error), exit_code=error.exit_code)


def _perform(task: Task, book: Book, channel: Channel, stopper: Stopper) -> None:
    """Hand the task to what does it; imported here, so that each loads only what it needs."""
    match task:
        case TrainTask():
            from densebench.running.train_job import train

            train(task, book, channel, stopper)
        case EvaluateTask():
            from densebench.running.evaluate_job import evaluate

            evaluate(task, book, channel, stopper)
        case SpeedTask():
            from densebench.running.speed_job import measure

            measure(task, book, channel, stopper)


def _unforeseen(error: Exception) -> str:
    first_line = str(error).strip().split("\n")[0][:200]
    return f"{type(error).__name__}: {first_line or 'no message'}; the run's log has the whole of it."


def _exit(code: int) -> NoReturn:
    """End at once: all is on disk, and tearing a framework down takes seconds, or crashes, which is no failure."""
    with contextlib.suppress(OSError):  # of a full disk
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _exit(main())
