"""A host's part of a run that another host owns."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from densebench.events import Ended, Event, Message
from densebench.running.directory import LOG_FILE
from densebench.running.launchers.process import launch
from densebench.running.tasks import Task


def follow(task: Task, on_event: Callable[[Event], None], *, time_limit: float | None = None) -> Ended:
    """Do this host's part of the task; returns how it ended.

    Results, checkpoints and model are written on the first host. Here nothing is kept, but the log of a part that
    failed.
    """
    host = task.host
    with tempfile.TemporaryDirectory(prefix="densebench-") as folder:
        ended = launch(task, directory=Path(folder), on_event=on_event, time_limit=time_limit)
        if ended.status == "failed":
            kept = _keep_logs(Path(folder), Path(task.config.runs_dir), host.index)
            on_event(Message(text=f"The log of this host's part is kept as {kept}." if kept else "It has no log."))
        elif ended.status == "completed":
            on_event(Message(text=f"This is host {host.index} of {host.count}: the results are written on host 0."))
    return ended


def _keep_logs(folder: Path, runs_dir: Path, host: int) -> Path | None:
    """The logs of this host's processes as one file, in place of that of an earlier failure."""
    logs = sorted(folder.glob(f"{Path(LOG_FILE).stem}*.txt"))
    kept = runs_dir / f"failed-host{host}.log"
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_name(f".{kept.name}")
        temporary.write_bytes(b"".join(log.read_bytes() for log in logs))
        os.replace(temporary, kept)
    except OSError:
        return None
    return kept
