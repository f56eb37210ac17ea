"""Says how a run's process ended when it could not say so itself, and writes it into the run's row."""

import dataclasses
import signal
from pathlib import Path

from densebench.errors import ResultsError, RunFailed
from densebench.events import Ended
from densebench.records import Run
from densebench.results import csv_file, store
from densebench.running.directory import LOG_FILE
from densebench.running.launchers.deadline import Deadline
from densebench.running.tasks import Task


def explain_death(code: int, passed: list[int], memory_ran_out: bool, deadline: Deadline, directory: Path) -> Ended:
    """Say how the child ended when it could not say so itself."""
    log = f"see {directory / LOG_FILE}"
    if deadline.passed:
        reason = f"The time limit of {deadline.seconds:g} s was reached: raise --time-limit, or continue with --resume."
        return Ended(status="interrupted", reason=reason, exit_code=RunFailed.exit_code)
    if not passed and code in (128 + signal.SIGINT, 128 + signal.SIGTERM):  # while it prepared it was asked itself
        passed = [code - 128]
    if passed:
        name = signal.Signals(passed[0]).name
        return Ended(status="interrupted", reason=f"Stopped at once by {name}.", exit_code=128 + passed[0])
    if code == -signal.SIGKILL:
        cause = (
            "by the kernel, because memory ran out: take a smaller --batch-size"
            if memory_ran_out
            else "by SIGKILL from outside, most often because memory ran out: take a smaller --batch-size if so"
        )
        return Ended(status="failed", reason=f"The run was killed {cause}.", exit_code=RunFailed.exit_code)
    if code < 0:
        name = signal.Signals(-code).name
        return Ended(status="failed", reason=f"The run died of {name}; {log}.", exit_code=RunFailed.exit_code)
    return Ended(
        status="failed", reason=f"The run's process ended with code {code}; {log}.", exit_code=RunFailed.exit_code
    )


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
    """Write into the run's row how the child ended; where that fails, the reason says so too."""
    path = store.run_path(task.config.results_dir, task.config.run)
    try:
        runs = csv_file.read(path) if path.exists() else [Run(run=task.config.run, variant=task.config.variant)]
        csv_file.write(dataclasses.replace(runs[0], status=ended.status, reason=ended.reason), path)
    except ResultsError as error:
        return dataclasses.replace(ended, reason=f"{ended.reason} {error} Its row is as it was before.")
    return ended
