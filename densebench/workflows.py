"""The order of the steps of every command and of every function of the Python API: the only file that knows it.

The command line and the API turn what they were given into options, call a function here, and print what it returns or
make a pandas frame of it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.comparison.compare import compare as compare_runs
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Comparison
from densebench.config import BACKENDS, DATASETS, RunConfig
from densebench.data import datasets
from densebench.launching import Finished, make_runs, name_new, read_finished
from densebench.measuring.environment import find_version, probe
from densebench.measuring.missing import list_missing
from densebench.models import variants
from densebench.models.own.lookup import list_offered, load
from densebench.models.own.template import write_template
from densebench.planning.evaluation import plan_evaluation
from densebench.planning.model_counting import check_apart
from densebench.planning.networks import count_network
from densebench.planning.options import TrainOptions
from densebench.planning.plan.make_plan import make_plan
from densebench.planning.plan.options import PlanOptions
from densebench.planning.recipe_file import find_recipe, write_recipe
from densebench.planning.run_predictions import predict_runs
from densebench.planning.speed import plan_speed
from densebench.planning.training import PlannedRun, describe_planned, plan_new, plan_resumed
from densebench.plugins.offers import describe_clashes, describe_offers
from densebench.prediction.values import Plan
from densebench.recipes import RECIPES
from densebench.records import Run
from densebench.reporting.grid import Grid
from densebench.reporting.listings import (
    Counted,
    make_environment_grid,
    make_layers_grid,
    make_planned_grid,
    make_recipes_grid,
    make_summary_grid,
)
from densebench.reporting.live.run_state import ShownRun
from densebench.reporting.live.view import View
from densebench.reporting.sweep_grid import SweepRow, make_sweep_grid
from densebench.results.gathering import gather
from densebench.running.directory import choose_names
from densebench.running.jobs.evaluate import CONFUSION_FILE
from densebench.running.launchers.follow import follow
from densebench.running.launchers.options import LOOP, LaunchOptions, check_launch
from densebench.running.launchers.starting import start_new
from densebench.running.sweep_status import list_states
from densebench.running.tasks import EvaluateTask, SpeedTask, Task
from densebench.running.unfinished import mark_interrupted
from densebench.sharing.check import Checked, check_files
from densebench.training.backends.devices import ask_devices, explain_silence
from densebench.training.parallel.hosts import THIS_HOST, Host, find_host


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


def plan(options: PlanOptions, view: View) -> Plan:
    """What trainings of the networks would cost, and which of them to start."""
    return make_plan(options, view)


def list_planned(options: TrainOptions, *, resume: str | None = None, skip_completed: bool = False) -> list[PlannedRun]:
    """The runs that :func:`train` would make of the same arguments, under the names that they would get now."""
    return name_new(_plan(options, resume, skip_completed))


def make_planned_table(planned: Sequence[PlannedRun]) -> Grid:
    """One row a planned run."""
    predictions = predict_runs(planned)
    return make_planned_grid([describe_planned(*pair) for pair in zip(planned, predictions, strict=True)])


def train(
    options: TrainOptions,
    view: View,
    *,
    resume: str | None = None,
    skip_completed: bool = False,
    time_limit: float | None = None,
    launch: LaunchOptions = LOOP,
) -> list[Finished]:
    """Train the runs by a launcher: one that fails does not stop the others, a signal does.

    ``time_limit`` is in seconds of each run. Without waiting for the runs there are none to return.
    """
    check_launch(launch, hosts=options.hosts)
    planned = _plan(options, resume, skip_completed)
    return make_runs(planned, view, launch, host=_find_host(options), time_limit=time_limit)


def find_states(folders: Sequence[str | Path]) -> list[SweepRow]:
    """What has come of the runs that launchers were given, in these folders of runs or in the default one."""
    return list_states(folders)


def make_status_table(rows: Sequence[SweepRow], *, whole: bool) -> Grid:
    """One row a run; for programs with every column, for a reader with those that say something."""
    return make_sweep_grid(rows, whole=whole)


def evaluate(
    source: str, options: TrainOptions, view: View, *, preprocess: str | None = None, test_time_flip: bool = False
) -> Evaluated:
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
                test_time_flip=test_time_flip,
                held_out=planned.held_out,
            ),
            view.on,
            numbered=not planned.is_named,
        )
    finished = read_finished(config, outcome)
    return Evaluated(finished=finished, confusion=None if finished.outcome.exit_code else _read_confusion(finished))


def plot_confusion(confusion: Confusion, run: Run, target: Path) -> list[Path]:
    """Draw a confusion matrix; returns the files written."""
    from densebench.reporting.figures.confusion import plot_confusion as draw

    return [draw(confusion.counts, confusion.classes, target, name=run.run)]


def speed(
    options: TrainOptions,
    batch_sizes: tuple[int, ...],
    view: View,
    *,
    inference: bool,
    precision_target: float,
    time_limit: float,
    energy: bool = False,
) -> list[Finished]:
    """Measure every variant at every batch size: one that fails is a row that says so, a signal stops.

    ``precision_target`` is half the width of the median's 95 % interval as a fraction of it; ``time_limit`` in seconds;
    ``energy``: whether to time long enough for a certain figure of that.
    """
    host = _find_host(options)
    planned = plan_speed(options, batch_sizes, inference=inference)

    def make_task(config: RunConfig) -> Task:
        return SpeedTask(
            config=config,
            host=host,
            inference=inference,
            precision_target=precision_target,
            time_limit=time_limit,
            energy=energy,
        )

    def measure(config: RunConfig) -> Finished:
        if host.index:
            return read_finished(config, follow(make_task(config), view.on), host=host)
        return read_finished(*start_new(config, make_task, view.on, numbered=True))

    with view:
        view.begin([ShownRun(name=name, epochs=1) for name in choose_names((config, True) for config in planned)])
        return _until_signalled(measure(config) for config in planned)


def summarise(names: Sequence[str], *, classes: int, image_size: int) -> list[Counted]:
    """Variants with what they count; all named ones if none is named, those of packages too."""
    chosen = [load(name) for name in names] if names else [*variants.VARIANTS.values(), *list_offered()[0]]
    return [(one, count_network(one, classes=classes, image_size=image_size)) for one in chosen]


def describe_packages() -> list[str]:
    """What installed packages offer, in sentences: those that cannot be used, and what ``summary`` has no table of."""
    return [
        *list_offered()[1],
        *describe_clashes("datasets", DATASETS),
        *describe_offers("datasets", but=DATASETS),
        *describe_recipes_of_packages(),
    ]


def init(path: Path) -> str:
    """Write a network to begin with into a new file; returns its name, as it is typed."""
    return write_template(path)


def make_summary_tables(counted: Sequence[Counted], *, layers: bool) -> list[Grid]:
    """One table of networks, or one of layers for each."""
    return [make_layers_grid(*one) for one in counted] if layers else [make_summary_grid(counted)]


def make_recipes_table() -> Grid:
    """The recipes of densebench side by side."""
    return make_recipes_grid(tuple(RECIPES.values()))


def describe_recipes_of_packages() -> list[str]:
    """Which recipes installed packages offer, and which of them are not used."""
    return [*describe_clashes("recipes", RECIPES), *describe_offers("recipes", but=RECIPES)]


def describe_recipe(name: str) -> str:
    """A recipe by name, or of a file, as a file with every setting."""
    return write_recipe(find_recipe(name))


def check(counted: Sequence[Counted], *, classes: int, image_size: int) -> list[str]:
    """Build every network in Keras, on any backend; a sentence for each that counts otherwise."""
    found = check_apart([variant for variant, _ in counted], classes=classes, image_size=image_size)
    pairs = zip(counted, found, strict=True)
    return [f"{variant.name}: {'; '.join(differences)}." for (variant, _), differences in pairs if differences]


def check_records(paths: Sequence[str | Path]) -> Checked:
    """Whether files of results can be shared as records, and what is wrong with those that cannot."""
    return check_files(paths)


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
    missing = list_missing(datasets.describe_absent(data_dir), {device.backend: device.kind for device in devices})
    return make_environment_grid(
        probe(),
        backends,
        [*missing, *explain_silence(devices)],
        devices={device.backend: device.text for device in devices},
    )


def _find_host(options: TrainOptions) -> Host:
    return THIS_HOST if options.hosts is None else find_host(options.hosts)


def _plan(options: TrainOptions, resume: str | None, skip_completed: bool) -> list[PlannedRun]:
    return [plan_resumed(resume, options)] if resume else plan_new(options, skip_completed=skip_completed)


def _until_signalled(runs: Iterable[Finished]) -> list[Finished]:
    """The runs, made one by one as they are asked for, up to the first that a signal ended."""
    finished: list[Finished] = []
    for run in runs:
        finished.append(run)
        if run.was_signalled:
            break
    return finished


def _read_confusion(finished: Finished) -> Confusion:
    found = json.loads((finished.directory / CONFUSION_FILE).read_text())
    return Confusion(classes=found["classes"], counts=found["confusion"])
