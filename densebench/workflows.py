"""The order of the steps of every command and of every function of the Python API: the only file that knows it.

The command line (:mod:`densebench.cli`) and the API (:mod:`densebench.api`) turn what they were given into options,
call a function here, and print what it returns or make a pandas frame of it.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.comparison.compare import compare as compare_runs
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Comparison
from densebench.config import BACKENDS, RunConfig
from densebench.data import datasets
from densebench.events import Ended, Event
from densebench.measuring.environment import find_version, probe
from densebench.measuring.missing import list_missing
from densebench.models import cost, variants
from densebench.planning.evaluation import plan_evaluation
from densebench.planning.making_plan import make_plan
from densebench.planning.options import TrainOptions
from densebench.planning.plan_options import PlanOptions
from densebench.planning.run_predictions import announce, predict_runs
from densebench.planning.speed import plan_speed
from densebench.planning.training import PlannedRun, describe_planned, plan_new, plan_resumed
from densebench.prediction.values import Plan, Prediction
from densebench.records import Run
from densebench.reporting.grid import Grid
from densebench.reporting.listings import Counted, environment_grid, layers_grid, planned_grid, summary_grid
from densebench.reporting.live.state import ShownRun
from densebench.reporting.live.view import View
from densebench.results import csv_file, store
from densebench.results.gathering import gather
from densebench.running.directory import choose_names, run_directory
from densebench.running.evaluate_job import CONFUSION_FILE
from densebench.running.launchers.follow import follow
from densebench.running.starting import resume as resume_run
from densebench.running.starting import start_new
from densebench.running.tasks import EvaluateTask, SpeedTask, Task, TrainTask
from densebench.running.unfinished import mark_interrupted
from densebench.training.backends.devices import ask_devices, explain_silence
from densebench.training.parallel.hosts import THIS_HOST, Host, find_host


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


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Images by (true class, class that was answered)."""

    classes: list[str]
    counts: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """An evaluation that has ended; without a confusion matrix where it failed."""

    finished: Finished
    confusion: Confusion | None


def list_planned(options: TrainOptions, *, resume: str | None = None, skip_completed: bool = False) -> list[PlannedRun]:
    """The runs that :func:`train` would make of the same arguments, under the names that they would get now."""
    return _name_new(_plan(options, resume, skip_completed))


def planned_table(planned: Sequence[PlannedRun]) -> Grid:
    """One row a planned run."""
    predictions = predict_runs(planned)
    return planned_grid([describe_planned(*pair) for pair in zip(planned, predictions, strict=True)])


def plan(options: PlanOptions, view: View) -> Plan:
    """What trainings of the networks would cost, and which of them to start."""
    return make_plan(options, view)


def train(
    options: TrainOptions,
    view: View,
    *,
    resume: str | None = None,
    skip_completed: bool = False,
    time_limit: float | None = None,
) -> list[Finished]:
    """Train one run after another: one that fails does not stop those after it, a signal does.

    ``time_limit`` is in seconds of each run.
    """
    planned = _plan(options, resume, skip_completed)
    host = THIS_HOST if options.hosts is None else find_host(options.hosts)
    with view:
        view.begin([_show_training(run) for run in _name_new(planned) if not run.completed])
        predicted = list(zip(planned, predict_runs(planned), strict=True))
        on_event = announce(predicted, view.on)
        return _until_signalled(
            _read_completed(run) if run.completed else _train_one(run, host, prediction, on_event, time_limit)
            for run, prediction in predicted
        )


def evaluate(source: str, options: TrainOptions, view: View, *, preprocess: str | None = None) -> Evaluated:
    """Evaluate a run or a model's file, and read back the confusion matrix."""
    planned = plan_evaluation(source, options, preprocess=preprocess)
    (name,) = choose_names([(planned.config, not planned.is_named)])
    with view:
        view.begin([ShownRun(name=name, epochs=1)])
        config, outcome = start_new(
            planned.config,
            lambda config: EvaluateTask(
                config=config,
                source=planned.source,
                directory=planned.directory,
                model_file=planned.model_file,
                preprocess=planned.preprocess,
                held_out=planned.held_out,
            ),
            view.on,
            numbered=not planned.is_named,
        )
    finished = _read_finished(config, outcome)
    return Evaluated(finished=finished, confusion=None if finished.outcome.exit_code else _read_confusion(finished))


def plot_confusion(confusion: Confusion, run: Run, target: Path) -> list[Path]:
    """Draw a confusion matrix; returns the files written."""
    from densebench.reporting.figures.confusion import plot_confusion as draw

    file = target if target.suffix else target / f"{run.run}.png"
    return [draw(confusion.counts, confusion.classes, file)]


def speed(
    options: TrainOptions,
    batch_sizes: tuple[int, ...],
    view: View,
    *,
    inference: bool,
    precision_target: float,
    time_limit: float,
) -> list[Finished]:
    """Measure every variant at every batch size: one that fails is a row that says so, a signal stops.

    ``precision_target`` is half the width of the median's 95 % interval as a fraction of it; ``time_limit`` in seconds.
    """
    planned = plan_speed(options, batch_sizes, inference=inference)
    names = choose_names((one.config, True) for one in planned)

    def make_task(config: RunConfig) -> Task:
        return SpeedTask(config=config, inference=inference, precision_target=precision_target, time_limit=time_limit)

    with view:
        view.begin([ShownRun(name=name, epochs=1) for name in names])
        return _until_signalled(
            _read_finished(*start_new(one.config, make_task, view.on, numbered=True)) for one in planned
        )


def summarise(names: Sequence[str], *, classes: int, image_size: int) -> list[Counted]:
    """Variants with what they count; all named ones if none is named."""
    chosen = [variants.find(name) for name in names or variants.VARIANTS]
    return [(variant, cost.count(variant, classes=classes, image_size=image_size)) for variant in chosen]


def summary_tables(counted: Sequence[Counted], *, layers: bool) -> list[Grid]:
    """One table of networks, or one of layers for each."""
    return [layers_grid(*one) for one in counted] if layers else [summary_grid(counted)]


def check(counted: Sequence[Counted], *, classes: int, image_size: int) -> list[str]:
    """Build every network in Keras, on any backend; a sentence for each that counts otherwise."""
    from densebench.models.check import find_disagreements
    from densebench.training.backends.backend import choose_for_counting

    choose_for_counting()
    found = ((variant, find_disagreements(variant, classes=classes, image_size=image_size)) for variant, _ in counted)
    return [f"{variant.name}: {'; '.join(differences)}." for variant, differences in found if differences]


def compare(paths: Sequence[str | Path], options: CompareOptions, *, published: bool) -> Comparison:
    """Compare the runs of files and folders; with what others published of their variants, if asked."""
    found = gather(paths, baseline=options.baseline, published=published)
    return compare_runs(mark_interrupted(found.runs, paths), options, found.baseline_runs)


def plot_comparison(comparison: Comparison, target: Path) -> list[Path]:
    """Draw the pictures of a comparison into a folder or a file; returns the files written."""
    from densebench.reporting.figures.plot import plot

    return plot(comparison, target)


def write_page(comparison: Comparison, target: Path) -> Path:
    """Write a comparison as an HTML page that needs no other file; returns the file."""
    from densebench.reporting.page.page import write_page as write

    return write(comparison, target)


def describe_environment(data_dir: str | None) -> list[Grid]:
    """The machine and the software that decide a figure, and what is missing."""
    backends = [(backend, find_version(backend)) for backend in BACKENDS]
    devices = ask_devices([backend for backend, version in backends if version is not None])
    missing = list_missing(datasets.list_absent(data_dir), {device.backend: device.kind for device in devices})
    return environment_grid(
        probe(),
        backends,
        [*missing, *explain_silence(devices)],
        devices={device.backend: device.text for device in devices},
    )


def _plan(options: TrainOptions, resume: str | None, skip_completed: bool) -> list[PlannedRun]:
    return [plan_resumed(resume, options)] if resume else plan_new(options, skip_completed=skip_completed)


def _name_new(planned: Sequence[PlannedRun]) -> list[PlannedRun]:
    """The same runs, the new ones under the names that they would get now."""
    names = iter(choose_names((run.config, not run.is_named) for run in planned if run.is_new))
    return [run.rename(next(names)) if run.is_new else run for run in planned]


def _show_training(planned: PlannedRun) -> ShownRun:
    images = planned.facts.train_images or 1
    return ShownRun(
        name=planned.config.run,
        epochs=planned.config.recipe.epochs,
        work=float(images * planned.cost.forward_macs),
    )


def _until_signalled(runs: Iterable[Finished]) -> list[Finished]:
    """The runs, made one by one as they are asked for, up to the first that a signal ended."""
    finished: list[Finished] = []
    for run in runs:
        finished.append(run)
        if run.was_signalled:
            break
    return finished


def _train_one(
    planned: PlannedRun,
    host: Host,
    prediction: Prediction | None,
    on_event: Callable[[Event], None],
    time_limit: float | None,
) -> Finished:
    config = planned.config
    task = TrainTask(config=config, host=host)
    if host.index:
        outcome = follow(task, on_event, time_limit=time_limit)
        return dataclasses.replace(_read_finished(config, outcome), has_begun=False)  # it is another host's
    if config.resume:
        return _read_finished(config, resume_run(task, on_event, time_limit=time_limit))

    def make_task(named: RunConfig) -> Task:
        return TrainTask(
            config=named,
            host=host,
            predicted_total_seconds=prediction.total_seconds if prediction else None,
            predicted_peak_bytes=prediction.peak_bytes if prediction else None,
        )

    return _read_finished(*start_new(config, make_task, on_event, numbered=not planned.is_named, time_limit=time_limit))


def _read_completed(planned: PlannedRun) -> Finished:
    return _read_finished(planned.config, Ended(status="completed", reason=None, exit_code=0))


def _read_finished(config: RunConfig, outcome: Ended) -> Finished:
    """The run on disk; where even its file could not be written, the little that is known."""
    file = store.run_path(config.results_dir, config.run)
    directory = run_directory(config.runs_dir, config.run)
    unwritten = Run(run=config.run, variant=config.variant, status=outcome.status, reason=outcome.reason)
    return Finished(
        run=csv_file.read(file)[0] if file.exists() else unwritten,
        outcome=outcome,
        directory=directory,
        results=file,
        has_begun=directory.exists() or file.exists(),
    )


def _read_confusion(finished: Finished) -> Confusion:
    content = json.loads((finished.directory / CONFUSION_FILE).read_text())
    return Confusion(classes=content["classes"], counts=content["confusion"])
