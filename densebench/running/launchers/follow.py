"""A host's part of a run that another host owns."""

import dataclasses
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from densebench.errors import LOST_CONTACT
from densebench.events import Ended, Event, Message, Started
from densebench.running.directory import LOG_FILE
from densebench.running.launchers.lost_parts import leave_reason
from densebench.running.launchers.process import launch
from densebench.running.tasks import Task


def follow(task: Task, on_event: Callable[[Event], None], *, time_limit: float | None = None) -> Ended:
    """Do this host's part of the task; returns how it ended.

    Results, checkpoints and model are written on the first host. Here nothing is kept, but the log of a part that
    failed.
    """
    host, run = task.host, task.config.run
    kept_log = Path(task.config.runs_dir) / f"failed-host{host.index}.log"

    def relay(event: Event) -> None:
        nonlocal run
        if isinstance(event, Started):
            run = event.run  # as the owner calls it
        on_event(_name_kept_log(event, folder, kept_log) if isinstance(event, Ended) else event)

    with tempfile.TemporaryDirectory(prefix="densebench-") as folder:
        ended = launch(task, directory=Path(folder), on_event=relay, time_limit=time_limit)
        ended = _name_kept_log(ended, folder, kept_log)
        if ended.status == "failed":
            if LOST_CONTACT not in str(ended.reason):
                leave_reason(task.config.runs_dir, run, host.index, str(ended.reason))
            kept = _keep_logs(Path(folder), kept_log)
            on_event(Message(text=f"The log of this host's part is kept as {kept}." if kept else "It has no log."))
        elif ended.status == "completed":
            on_event(Message(text=f"This is host {host.index} of {host.count}: the results are written on host 0."))
    return ended


def _name_kept_log(ended: Ended, folder: str, kept: Path) -> Ended:
    """With the place where the logs of the folder will be."""
    if ended.reason is None:
        return ended
    log = rf"{re.escape(folder)}/{Path(LOG_FILE).stem}[\w.]*?\.txt"
    return dataclasses.replace(ended, reason=re.sub(log, lambda _: str(kept), ended.reason))


def _keep_logs(folder: Path, kept: Path) -> Path | None:
    """The logs of this host's processes as one file, in place of that of an earlier failure."""
    logs = sorted(folder.glob(f"{Path(LOG_FILE).stem}*.txt"))
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_name(f".{kept.name}")
        temporary.write_bytes(b"".join(log.read_bytes() for log in logs))
        os.replace(temporary, kept)
    except OSError:
        return None
    return kept
