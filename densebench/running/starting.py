"""Starts runs, each in its own process: new ones under a name of their own, and those that continue."""

from collections.abc import Callable

from densebench.config import RunConfig
from densebench.errors import RunFailed
from densebench.events import Ended, Event, Message
from densebench.running.directory import claim, has_begun, keep_log, run_directory
from densebench.running.launchers.process import launch
from densebench.running.tasks import Task


def start_new(
    config: RunConfig,
    make_task: Callable[[RunConfig], Task],
    on_event: Callable[[Event], None],
    *,
    numbered: bool,
    time_limit: float | None = None,
) -> tuple[RunConfig, Ended]:
    """Do the task of a new run; returns its configuration, with the name that it has got, and how it ended.

    A run that ends before its first step, for any reason, leaves no directory and no row, and its name is free. Its log
    is kept where the reason is likely to be in it.
    """
    with claim(config, numbered=numbered) as named:
        directory = run_directory(named.runs_dir, named.run)
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
