"""Starts runs, each in its own process: new ones under a name of their own, and those that continue."""

import dataclasses
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from densebench.config import RunConfig
from densebench.errors import DensebenchError, InputError, RunFailed
from densebench.events import Ended, Event, Message
from densebench.results import csv_file, store
from densebench.running.directory import claim, has_begun, keep_log, remove_abandoned, run_directory
from densebench.running.directory_lock import is_in_use
from densebench.running.launchers.death import record_death
from densebench.running.launchers.follow import follow
from densebench.running.launchers.process import launch
from densebench.running.launchers.protocol import Outcome, QueuedRun
from densebench.running.launchers.sweep import OWNER_FILE, find_owned
from densebench.running.tasks import Task

_PATIENCE = 60.0  # seconds in which a process that has lost its parent ends, after its step
_SHORT_PATIENCE = 10.0  # where nobody goes on with the run


def start_new(
    config: RunConfig,
    make_task: Callable[[RunConfig], Task],
    on_event: Callable[[Event], None],
    *,
    numbered: bool,
    time_limit: float | None = None,
    owner: str = "",
) -> tuple[RunConfig, Ended]:
    """Do the task of a new run; returns its configuration, with the name that it has got, and how it ended.

    A run that ends before its first step, for any reason, leaves no directory and no row, and its name is free. Its log
    is kept where the reason is likely to be in it. ``owner`` is noted in the directory.
    """
    with claim(config, numbered=numbered) as named:
        directory = run_directory(named.runs_dir, named.run)
        if owner:
            (directory / OWNER_FILE).write_text(owner)
        ended = launch(make_task(named), directory=directory, on_event=on_event, time_limit=time_limit)
        if ended.exit_code == RunFailed.exit_code and not has_begun(directory):
            kept = keep_log(directory)
            if kept is not None:
                on_event(Message(text=f"Nothing is kept of {named.run}, which did not begin, but its log, as {kept}."))
    return named, ended


def resume(task: Task, on_event: Callable[[Event], None], *, time_limit: float | None = None) -> Ended:
    """Do the task of a run that has a directory already; returns how it ended."""
    directory = run_directory(task.config.runs_dir, task.config.run)
    return launch(task, directory=directory, on_event=on_event, time_limit=time_limit)


def make_run(queued: QueuedRun, on_event: Callable[[Event], None]) -> tuple[RunConfig, Ended]:
    """Start or continue a run; returns its configuration, with the name that it has got, and how it ended.

    A run with an ``owner`` can be made again after its process was lost: it goes on in the directory that it claimed
    the first time, and one that was completed by then is not made twice.
    """
    config = queued.task.config
    if queued.task.host.index:
        return config, follow(queued.task, on_event, time_limit=queued.time_limit)
    if config.resume:
        return config, _resume_when_free(queued, config, on_event)
    directory = find_owned(config.runs_dir, config.run, queued.owner) if queued.owner else None
    if directory is None:
        return _start(queued, on_event)
    _wait_until_free(directory)
    if not has_begun(directory):
        return _start(queued, on_event)
    named = dataclasses.replace(config, run=directory.name, resume=True)
    row = store.run_path(config.results_dir, directory.name)
    if row.exists() and csv_file.read(row)[0].status == "completed":
        return dataclasses.replace(named, resume=False), Ended(status="completed", reason=None, exit_code=0)
    return named, _resume_when_free(queued, named, on_event)


def make_run_or_fail(queued: QueuedRun, on_event: Callable[[Event], None]) -> tuple[RunConfig, Ended]:
    """As :func:`make_run`; an error for which the run could not be started is how it ended, and its last event."""
    try:
        return make_run(queued, on_event)
    except DensebenchError as error:
        ended = Ended(status="failed", reason=str(error), exit_code=error.exit_code)
        on_event(ended)
        return queued.task.config, ended


def end_lost(queued: QueuedRun, run: str | None, ended: Ended) -> Outcome:
    """The end of a run whose process is lost; written into its row, where there is one here.

    ``run`` is the name that it had got, ``None`` if it had not begun.
    """
    task = queued.task
    if run is not None:
        config = dataclasses.replace(task.config, run=run)
        task = dataclasses.replace(task, config=config)
        with suppress(InputError):  # one that goes on after all has its row for itself
            _wait_until_free(run_directory(config.runs_dir, run), _SHORT_PATIENCE)
            if store.run_path(config.results_dir, run).exists():
                ended = record_death(task, ended)
    return Outcome(queued=queued, config=task.config, ended=ended)


def _start(queued: QueuedRun, on_event: Callable[[Event], None]) -> tuple[RunConfig, Ended]:
    return start_new(
        queued.task.config,
        lambda named: dataclasses.replace(queued.task, config=named),
        on_event,
        numbered=queued.numbered,
        time_limit=queued.time_limit,
        owner=queued.owner,
    )


def _resume_when_free(queued: QueuedRun, config: RunConfig, on_event: Callable[[Event], None]) -> Ended:
    """Continue a run, and note whether it is this launcher that has started it before."""
    task = dataclasses.replace(queued.task, config=config)
    if queued.owner:
        directory = run_directory(config.runs_dir, config.run)
        _wait_until_free(directory)
        task = dataclasses.replace(task, is_restart=_take_over(directory, queued.owner))
    return resume(task, on_event, time_limit=queued.time_limit)


def _take_over(directory: Path, owner: str) -> bool:
    """Note the owner of a run that continues; whether it was its owner before."""
    file = directory / OWNER_FILE
    with suppress(OSError):
        if file.exists() and file.read_text() == owner:
            return True
        file.write_text(owner)
    return False


def _wait_until_free(directory: Path, patience: float | None = None) -> None:
    """Wait for the end of a process that was left behind; raises :class:`InputError` if it does not end.

    A directory whose run never began is removed.
    """
    deadline = time.monotonic() + (_PATIENCE if patience is None else patience)
    while True:
        remove_abandoned(directory.parent)
        if not directory.exists() or (has_begun(directory) and not is_in_use(directory)):
            return
        if time.monotonic() > deadline:
            raise InputError(
                f"Run {directory.name!r} is still in use by a process that was taken for lost: end that process, "
                f"then continue with densebench train --resume {directory.name}."
            )
        time.sleep(0.2)
