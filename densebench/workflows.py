"""The order of the steps of every command: the only file that knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RunConfig
from densebench.planning.training import PlannedRun
from densebench.records import Run
from densebench.reporting import store
from densebench.reporting.live import PlannedRun as ShownRun
from densebench.reporting.live import View
from densebench.running import events
from densebench.running.directory import claim, run_directory
from densebench.running.launcher import Outcome, launch
from densebench.running.tasks import Task, TrainTask

INTERRUPTED = 128  # exit codes above it are a signal's


@dataclass(frozen=True, kw_only=True)
class Made:
    """A run that was made, or that stood on disk already, and how it ended."""

    run: Run
    outcome: Outcome
    directory: Path


def train(planned: Sequence[PlannedRun], view: View, *, time_limit: float | None = None) -> list[Made]:
    """Make the runs one after another: one that fails does not stop those after it, an interruption does.

    ``time_limit`` is in seconds of each run.
    """
    made: list[Made] = []
    with view:
        view.begin([_shown(run) for run in planned if not run.completed])
        for run in planned:
            made.append(_completed(run) if run.completed else _train_one(run, view, time_limit))
            if made[-1].outcome.exit_code > INTERRUPTED:
                break
    return made


def _train_one(planned: PlannedRun, view: View, time_limit: float | None) -> Made:
    config = planned.config
    if not config.resume:
        config = claim(config, planned.stem)
    return _made(TrainTask(config=config), view, time_limit)


def _completed(planned: PlannedRun) -> Made:
    config = planned.config
    return Made(
        run=store.read(store.run_path(config.results_dir, planned.stem))[0],
        outcome=Outcome(status="completed", reason=None, exit_code=0),
        directory=Path(config.runs_dir) / planned.stem,
    )


def _made(task: Task, view: View, time_limit: float | None = None) -> Made:
    """Do the task in its process, show it, and read back what it left."""
    name = str(task.config.run)
    directory = run_directory(task.config.runs_dir, name)
    outcome = launch(task, directory=directory, on_event=lambda event: _show(event, view), time_limit=time_limit)
    view.run_ended(outcome.status, outcome.reason)
    return Made(run=_left(task.config, outcome), outcome=outcome, directory=directory)


def _left(config: RunConfig, outcome: Outcome) -> Run:
    """The run on disk; where even its file could not be written, the little that is known."""
    path = store.run_path(config.results_dir, str(config.run))
    if path.exists():
        return store.read(path)[0]
    return Run(run=str(config.run), variant=config.variant, status=outcome.status, reason=outcome.reason)


def _shown(planned: PlannedRun) -> ShownRun:
    images = planned.facts.train_images or 1
    return ShownRun(
        name=planned.config.run or planned.stem,
        epochs=planned.config.recipe.epochs,
        work=float(images * planned.cost.forward_macs),
    )


def _show(event: events.Event, view: View) -> None:
    """Tell the view what the run's process says."""
    match event:
        case events.Started():
            view.run_started(
                event.run,
                variant=event.variant,
                params=event.params,
                epochs=event.epochs,
                steps=event.steps,
                finished=event.first_epoch - 1,
            )
        case events.Progress():
            view.progress(
                epoch=event.epoch,
                step=event.step,
                steps=event.steps,
                loss=event.loss,
                accuracy=event.accuracy,
                images_per_second=event.images_per_second,
            )
        case events.EpochEnded():
            view.epoch_ended(event.record)
        case events.Message():
            view.message(event.text)
        case events.Transfer():
            view.transfer(event.what, event.done, event.total)
        case events.Ended():
            pass  # the launcher says how the process really ended
