"""The child's side: one process does one task, and alone writes the files of its run.

Started by the launcher as ``python -m densebench.running.worker`` with the task as JSON on standard input.
"""

import contextlib
import dataclasses
import os
import sys
import threading
import traceback
from typing import NoReturn

from densebench import files
from densebench.errors import LOST_CONTACT, DensebenchError, Interrupted, RunFailed, first_line
from densebench.events import Ended
from densebench.measuring.malloc import keep_large_buffers
from densebench.records import Phase
from densebench.running import tasks
from densebench.running.channel import Channel
from densebench.running.directory import run_directory
from densebench.running.directory_lock import lock_directory
from densebench.running.run_file import RunFile
from densebench.running.stopping import Stopper, watch
from densebench.running.tasks import EvaluateTask, SpeedTask, Task, TrainTask, TrialTask
from densebench.training.parallel.layout import Layout

_LEAVING_SECONDS = 10.0  # at most, between processes that have stopped together
_OWN_ADDRESS = "transport/tcp/device.cc"  # where gloo looks it up: nobody else is to blame for what fails there


def main() -> int:
    """Do the task on standard input; returns the exit code, which the last event carries too."""
    channel = Channel(int(os.environ["DENSEBENCH_EVENTS_FD"]))
    stopper = Stopper(channel)
    watch(stopper, channel)
    keep_large_buffers()
    task, layout = tasks.from_json(sys.stdin.read())
    ended = _attempt(task, channel, stopper, layout) if layout.is_owner else _help(task, channel, stopper, layout)
    channel.send(ended)
    _leave_others(stopper)
    return ended.exit_code


def _leave_others(stopper: Stopper, seconds: float = _LEAVING_SECONDS) -> None:
    """Wait for the processes that stop at the same step: JAX ends them, whatever they do, once the first is gone."""

    leave = stopper.leave_others
    if leave is None:
        return

    def leave_in_thread() -> None:
        with contextlib.suppress(Exception):  # of one that has gone already; how this one ended is known
            leave()

    thread = threading.Thread(target=leave_in_thread, daemon=True)
    thread.start()
    thread.join(seconds)


def _attempt(task: Task, channel: Channel, stopper: Stopper, layout: Layout) -> Ended:
    """Do the task, and write into the run's row how it ended."""
    try:
        directory = run_directory(task.config.runs_dir, task.config.run)
        with lock_directory(directory):
            files.remove_temporary(directory)
            run_file = RunFile.open(task.config, _find_phase(task))
            stopper.enter_end = lambda error: _enter_end(run_file, _end_interrupted(error))
            return _enter_end(run_file, _perform(task, run_file, channel, stopper, layout))
    except DensebenchError as error:  # the directory or the row itself cannot be written
        return Ended(status="failed", reason=str(error), exit_code=error.exit_code)


def _help(task: Task, channel: Channel, stopper: Stopper, layout: Layout) -> Ended:
    """Do the task with the process that owns the run, and write nothing."""
    return _perform(task, RunFile.keep_in_memory(task.config, _find_phase(task)), channel, stopper, layout)


def _perform(task: Task, run_file: RunFile, channel: Channel, stopper: Stopper, layout: Layout) -> Ended:
    """Do the task; returns how it ended, with a sentence for every error."""
    try:
        with stopper.listen():
            _do_job(task, run_file, channel, stopper, layout)
    except Interrupted as error:
        return _end_interrupted(error)
    except DensebenchError as error:
        return Ended(status="failed", reason=str(error), exit_code=error.exit_code)
    except Exception as error:
        traceback.print_exc()
        if stopper.interruption is not None:  # a framework that is interrupted while it loads raises what it likes
            return _end_interrupted(stopper.interruption)
        reason = _describe_unforeseen(error)
        if layout.ranks > 1 and _is_lost_contact(error):
            reason = f"{LOST_CONTACT} ({reason})"
        return Ended(status="failed", reason=reason, exit_code=RunFailed.exit_code)
    return Ended(status="completed", reason=None, exit_code=0)


def _enter_end(run_file: RunFile, ended: Ended) -> Ended:
    """Write into the row how the run ended, and return it; if the row cannot be written, the run has failed."""
    try:
        run_file.update(dataclasses.replace(run_file.run, status=ended.status, reason=ended.reason))
    except DensebenchError as error:
        still = f"Its row still says {run_file.run.status}, which is read as interrupted."
        reason = " ".join(dict.fromkeys(filter(None, (ended.reason, str(error), still))))
        return Ended(status="failed", reason=reason, exit_code=ended.exit_code or error.exit_code)
    return ended


def _end_interrupted(error: Interrupted) -> Ended:
    return Ended(status="interrupted", reason=str(error), exit_code=error.exit_code)


def _do_job(task: Task, run_file: RunFile, channel: Channel, stopper: Stopper, layout: Layout) -> None:
    """Prepare the run and do its job; imported here, when signals are caught, and only the job that is asked for."""
    from densebench.running.context import explain_memory_errors, prepare

    context = prepare(task.config, run_file, channel, stopper, layout)
    with explain_memory_errors(task.config, trains=not isinstance(task, EvaluateTask)):
        match task:
            case TrainTask():
                from densebench.running.jobs.train import train

                try:
                    train(task, context)
                except BaseException:
                    context.enter_time()
                    raise
            case EvaluateTask():
                from densebench.running.jobs.evaluate import evaluate

                evaluate(task, context)
            case SpeedTask():
                from densebench.running.jobs.speed import measure

                measure(task, context)
            case TrialTask():
                from densebench.running.jobs.trial import try_out

                try_out(task, context)
    context.parallel.leave()


def _find_phase(task: Task) -> Phase:
    match task:
        case TrainTask():
            return "train"
        case EvaluateTask():
            return "eval"
        case SpeedTask():
            return "inference" if task.inference else "speed"
        case TrialTask():
            return "trial"


def _describe_unforeseen(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error) or 'no message'}; the run's log has all of it."


def _is_lost_contact(error: Exception) -> bool:
    """Whether a collective failed: each framework has its own errors for that, of types that mean anything."""
    words = ("gloo", "nccl", "collective", "connection", "unavailable", "heartbeat", "coordination service", "peer")
    text = f"{type(error).__name__} {error}".lower()
    return any(word in text for word in words) and _OWN_ADDRESS not in text


def _exit(code: int) -> NoReturn:
    """End at once: all is on disk, and a framework takes seconds to shut down, or crashes, which is not a failure."""
    with contextlib.suppress(OSError):  # of a full disk
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _exit(main())
