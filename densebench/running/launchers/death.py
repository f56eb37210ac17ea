"""Says how a run's process ended when it could not say so itself, and writes it into the run's row."""

import dataclasses
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from densebench.errors import LOST_CONTACT, ResultsError, RunFailed
from densebench.events import Ended
from densebench.records import Run
from densebench.results import csv_file, store
from densebench.running.directory import has_begun
from densebench.running.launchers.child import Child
from densebench.running.launchers.deadline import Deadline
from densebench.running.tasks import Task


def find_cause(closed: Sequence[Child]) -> Child:
    """The process whose end was the run's: the first that failed, or else the first that was stopped, or the first.

    ``closed`` are all of this host, in the order in which they ended. Once one is lost the others fail too, for they
    wait for it, so one that was killed comes before one that says why it gave up, and that before one that says only
    that it has lost contact, whichever was seen to end first. One that had to be killed because it
    did not end with the others was lost itself if these have only lost contact.
    """
    failed = [child for child in closed if child.has_failed]
    late = [child for child in failed if child.was_killed_last]
    if late:
        failed = [child for child in failed if child not in late]
        if all(map(_has_lost_contact, failed)):
            return late[0]
    silent = [child for child in failed if child.ended is None]
    stopped = [child for child in failed if child.ended is not None and child.ended.signal_number]
    if stopped and not silent:
        return min(stopped, key=lambda child: child.layout.rank)
    killed_first = [child for child in silent if closed.index(child) <= closed.index(failed[0]) + 1]
    own_reason = [child for child in failed if not _has_lost_contact(child)]
    return (killed_first or own_reason or failed or sorted(closed, key=lambda child: child.layout.rank))[0]


def _has_lost_contact(child: Child) -> bool:
    """Whether it failed because another process did."""
    return _has_aborted(child) or (child.ended is not None and LOST_CONTACT in str(child.ended.reason))


def _has_aborted(child: Child) -> bool:
    """Whether its framework gave up without an error of Python, as JAX's does once another process is lost."""
    return child.process.returncode == -signal.SIGABRT and child.layout.ranks > 1


def name_rank(child: Child, ended: Ended) -> Ended:
    """With the process and its host before the reason, where a run has several."""
    if child.layout.ranks == 1:
        return ended
    who = f"Process {child.layout.rank} of {child.layout.ranks}, on host {child.layout.host} ({socket.gethostname()}):"
    return dataclasses.replace(ended, reason=f"{who} {ended.reason}")


def explain_death(child: Child, passed: list[int], memory_ran_out: bool, deadline: Deadline) -> Ended:
    """Say how the child ended when it could not say so itself."""
    code = child.process.returncode
    if deadline.passed:
        begun = has_begun(child.log.parent)
        when, instead = ("", ", or continue with --resume") if begun else (" before the first step", "")
        reason = f"The time limit of {deadline.seconds:g} s was reached{when}: raise --time-limit{instead}."
        return Ended(status="interrupted", reason=reason, exit_code=RunFailed.exit_code)
    if not passed and code in (128 + signal.SIGINT, 128 + signal.SIGTERM):  # while it prepared it was asked itself
        passed = [code - 128]
    if passed:
        name = signal.Signals(passed[0]).name
        return Ended(status="interrupted", reason=f"Stopped at once by {name}.", exit_code=128 + passed[0])
    reason = _describe_code(code, child.log, memory_ran_out=memory_ran_out)
    if child.killed_for and code == -signal.SIGKILL:
        reason = child.killed_for
    elif _has_aborted(child):
        reason = f"{LOST_CONTACT} (its framework gave up, by SIGABRT; see {child.log})"
    return name_rank(child, Ended(status="failed", reason=reason, exit_code=RunFailed.exit_code))


def _describe_code(code: int, log: Path, *, memory_ran_out: bool) -> str:
    if code == -signal.SIGKILL:
        cause = (
            "by the kernel, because memory ran out: take a smaller --batch-size"
            if memory_ran_out
            else "by SIGKILL from outside, most often because memory ran out: take a smaller --batch-size if so"
        )
        return f"The run was killed {cause}."
    if code < 0:
        return f"The run died of {signal.Signals(-code).name}; see {log}."
    return f"The run's process ended with code {code}; see {log}."


def count_oom_kills() -> int:
    """How often the kernel has killed for memory in this control group; 0 where it does not say."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


def record_death(task: Task, ended: Ended) -> Ended:
    """Write into the run's row how the child ended; where that fails, the reason says so too.

    Only on the host of the process that owns the run.
    """
    if task.host.index:
        return ended
    path = store.run_path(task.config.results_dir, task.config.run)
    try:
        runs = csv_file.read(path) if path.exists() else [Run(run=task.config.run, variant=task.config.variant)]
        csv_file.write(dataclasses.replace(runs[0], status=ended.status, reason=ended.reason), path)
    except ResultsError as error:
        return dataclasses.replace(ended, reason=f"{ended.reason} {error} Its row is as it was before.")
    return ended
