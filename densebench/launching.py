"""Hands planned runs to a launcher, shows what happens, and reads back what came of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RunConfig
from densebench.errors import Interrupted
from densebench.events import Ended, Message
from densebench.planning.run_predictions import announce, predict_runs
from densebench.planning.training import PlannedRun
from densebench.prediction.values import Prediction
from densebench.records import Run
from densebench.reporting.live.run_state import ShownRun
from densebench.reporting.live.view import View
from densebench.results import csv_file, store
from densebench.running.directory import choose_names, run_directory
from densebench.running.launchers.choice import open_launcher
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.protocol import Outcome, QueuedRun
from densebench.running.tasks import TrainTask
from densebench.training.parallel.hosts import THIS_HOST, Host

_Predicted = dict[str, tuple[PlannedRun, Prediction | None]]  # by the names that were planned


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run that has ended, now or in an earlier call, and how."""

    run: Run
    outcome: Ended
    directory: Path  # runs/<run>; missing if the run has not begun
    results: Path  # results/<run>.csv; missing if the run has not begun, or if not even that could be written
    has_begun: bool = True  # it came to its first step; else nothing of it is kept, and its name is free

    @property
    def was_signalled(self) -> bool:
        """Whether a signal ended it, such as Ctrl-C."""
        return self.outcome.signal_number > 0


def name_new(planned: Sequence[PlannedRun]) -> list[PlannedRun]:
    """The same runs, the new ones under the names that they would get now."""
    names = iter(choose_names((run.config, not run.is_named) for run in planned if run.is_new))
    return [run.rename(next(names)) if run.is_new else run for run in planned]


def make_runs(
    planned: Sequence[PlannedRun], view: View, options: LaunchOptions, *, host: Host, time_limit: float | None
) -> list[Finished]:
    """Make the runs that are not complete, each by the launcher; returns all that have ended, in the order of the plan.

    ``time_limit`` is in seconds of each start of a run.
    """
    launcher = open_launcher(options)
    names = _count_apart(planned) if host.index else [run.config.run for run in name_new(planned)]
    with view:
        pairs = list(zip(planned, predict_runs(planned), strict=True))
        predicted = dict(zip(names, pairs, strict=True))  # a run that was asked for twice is made once
        to_make = {name: pair for name, pair in predicted.items() if not pair[0].completed}
        view.begin(_show_runs(to_make))
        report = announce(pairs, view.on)
        queued = [_queue(name, *pair, host, options.launcher, time_limit) for name, pair in to_make.items()]
        ended = _collect(launcher.launch(queued, report), queued)
        if host.index == 0:
            _announce_left(len(queued), ended.values(), view)
    ended |= {name: _read_completed(run) for name, (run, _) in predicted.items() if run.completed}
    return [ended[name] for name in predicted if name in ended]


def _collect(outcomes: Iterator[Outcome], queued: Sequence[QueuedRun]) -> dict[str, Finished]:
    """The runs as they end, by name; raises :class:`Interrupted` after a signal before any has.

    After one that met none of those that go on, the others have ended by it before they began.
    """
    ended: dict[str, Finished] = {}
    try:
        for outcome in outcomes:
            ended[outcome.queued.name] = _read_outcome(outcome)
    except Interrupted as error:
        if not ended:
            raise
        given_up = Ended(status="interrupted", reason=str(error), exit_code=error.exit_code)
        ended |= {run.name: _give_up(run, given_up) for run in queued if run.name not in ended}
    return ended


def _announce_left(asked: int, ended: Collection[Finished], view: View) -> None:
    """After a signal, how to make the runs that had not started."""
    left = asked - sum(one.has_begun for one in ended)
    if left and any(one.was_signalled for one in ended):
        runs = "1 run has" if left == 1 else f"{left} runs have"
        view.on(Message(text=f"{runs} not started: the same command with --skip-completed trains all that is left."))


def _count_apart(planned: Sequence[PlannedRun]) -> list[str]:
    """Names for the parts of runs that another host names: here nothing is written under them."""
    names = [run.config.run for run in planned]
    before = [names[:index].count(name) for index, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, before, strict=True)]


def _show_runs(runs: _Predicted) -> list[ShownRun]:
    """What the view is told of them: their work in predicted seconds where all are predicted, else by their MACs."""
    in_seconds = all(prediction is not None for _, prediction in runs.values())
    return [_show(name, *pair, in_seconds=in_seconds) for name, pair in runs.items()]


def _show(name: str, planned: PlannedRun, prediction: Prediction | None, *, in_seconds: bool) -> ShownRun:
    epochs = planned.config.recipe.epochs
    if in_seconds and prediction is not None:
        return ShownRun(name=name, epochs=epochs, work=prediction.total_seconds / epochs, in_seconds=True)
    work = (planned.facts.train_images or 1) * (planned.cost.forward_macs or planned.cost.activations)
    return ShownRun(name=name, epochs=epochs, work=float(work))


def _queue(
    name: str,
    planned: PlannedRun,
    prediction: Prediction | None,
    host: Host,
    launcher: str,
    time_limit: float | None,
) -> QueuedRun:
    task = TrainTask(
        config=planned.config,
        host=host,
        predicted_total_seconds=prediction.total_seconds if prediction else None,
        predicted_peak_bytes=prediction.peak_bytes if prediction else None,
        launcher=launcher,
    )
    return QueuedRun(name=name, task=task, numbered=not planned.is_named, time_limit=time_limit)


def _read_outcome(outcome: Outcome) -> Finished:
    return read_finished(outcome.config, outcome.ended, host=outcome.queued.task.host)


def _give_up(queued: QueuedRun, outcome: Ended) -> Finished:
    """A run that has not begun; another one may lie on disk under the name that it would have got."""
    config = queued.task.config
    return Finished(
        run=Run(run=queued.name, variant=config.variant, status=outcome.status, reason=outcome.reason),
        outcome=outcome,
        directory=run_directory(config.runs_dir, queued.name),
        results=store.run_path(config.results_dir, queued.name),
        has_begun=False,
    )


def _read_completed(planned: PlannedRun) -> Finished:
    return read_finished(planned.config, Ended(status="completed", reason=None, exit_code=0))


def read_finished(config: RunConfig, outcome: Ended, *, host: Host = THIS_HOST) -> Finished:
    """The run on disk; where even its file could not be written, the little that is known.

    On another ``host`` than the first there is none: a file of that name would be of another run.
    """
    file = store.run_path(config.results_dir, config.run)
    directory = run_directory(config.runs_dir, config.run)
    unwritten = Run(run=config.run, variant=config.variant, status=outcome.status, reason=outcome.reason)
    is_here = host.index == 0
    return Finished(
        run=csv_file.read(file)[0] if is_here and file.exists() else unwritten,
        outcome=outcome,
        directory=directory,
        results=file,
        has_begun=is_here and (directory.exists() or file.exists()),
    )
