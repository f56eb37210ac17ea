"""The order of the steps of every command: the only file that knows it."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.comparison.compare import compare as compare_runs
from densebench.comparison.values import CompareOptions, Comparison
from densebench.config import BACKENDS, RunConfig
from densebench.data import datasets
from densebench.events import Ended
from densebench.measuring.environment import find_version, probe
from densebench.measuring.missing import list_missing
from densebench.models import cost, variants
from densebench.planning.evaluation import PlannedEvaluation
from densebench.planning.speed import PlannedSpeed
from densebench.planning.training import PlannedRun
from densebench.records import Run
from densebench.reporting.environment_tables import environment_grid
from densebench.reporting.grid import Grid
from densebench.reporting.live.state import ShownRun
from densebench.reporting.live.view import View
from densebench.reporting.network_tables import Counted, layers_grid, summary_grid
from densebench.reporting.plan_grid import PlanRow, plan_grid
from densebench.results import csv_file, store
from densebench.results.gathering import gather
from densebench.running.directory import claim, run_directory
from densebench.running.evaluate_job import CONFUSION_FILE
from densebench.running.launchers.process import launch
from densebench.running.tasks import EvaluateTask, SpeedTask, Task, TrainTask

INTERRUPTED = 128  # exit codes above it are a signal's


@dataclass(frozen=True, kw_only=True)
class Made:
    """A run that was made, or that stood on disk already, and how it ended."""

    run: Run
    outcome: Ended
    directory: Path


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Images by (true class, class that was answered)."""

    classes: list[str]
    counts: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """An evaluation that was made; without a confusion matrix where it failed."""

    made: Made
    confusion: Confusion | None


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


def describe_plan(planned: Sequence[PlannedRun]) -> Grid:
    """What ``train`` would do."""
    return plan_grid([_plan_row(run) for run in planned])


def resume_command(made: Made) -> str:
    """The command that goes on with an interrupted run."""
    words = ["densebench", "train", "--resume", made.run.run]
    runs_dir = made.directory.parent
    if runs_dir != Path(RunConfig(variant="").runs_dir):
        words += ["--runs-dir", str(runs_dir)]
    return shlex.join(words)


def evaluate(planned: PlannedEvaluation, view: View) -> Evaluated:
    """Evaluate, and read back the confusion matrix; it is missing where the evaluation failed."""
    config = claim(planned.config, planned.stem)
    with view:
        view.begin([ShownRun(name=str(config.run), epochs=1)])
        made = _made(EvaluateTask(config=config, source=planned.source, model_file=planned.model_file), view)
    if made.outcome.exit_code:
        return Evaluated(made=made, confusion=None)
    content = json.loads((made.directory / CONFUSION_FILE).read_text())
    return Evaluated(made=made, confusion=Confusion(classes=content["classes"], counts=content["confusion"]))


def plot_confusion(confusion: Confusion, run: Run, target: Path) -> list[Path]:
    """Draw a confusion matrix; returns the files written."""
    from densebench.reporting.figures.confusion import plot_confusion as draw

    file = target if target.suffix else target / f"{run.run}.png"
    return [draw(confusion.counts, confusion.classes, file)]


def speed(
    planned: Sequence[PlannedSpeed], view: View, *, inference: bool, precision_target: float, time_limit: float
) -> list[Made]:
    """Measure one after another; what fails is a row that says so, an interruption stops."""
    made: list[Made] = []
    with view:
        view.begin([ShownRun(name=one.stem, epochs=1) for one in planned])
        for one in planned:
            task = SpeedTask(
                config=claim(one.config, one.stem),
                inference=inference,
                precision_target=precision_target,
                time_limit=time_limit,
            )
            made.append(_made(task, view))
            if made[-1].outcome.exit_code > INTERRUPTED:
                break
    return made


def summarise(names: Sequence[str], *, classes: int, image_size: int) -> list[Counted]:
    """Variants with what they count; all named ones if none is named."""
    chosen = [variants.find(name) for name in names or variants.VARIANTS]
    return [(variant, cost.count(variant, classes=classes, image_size=image_size)) for variant in chosen]


def summary_grids(counted: Sequence[Counted], *, layers: bool) -> list[Grid]:
    """One table of networks, or one of layers for each."""
    return [layers_grid(*one) for one in counted] if layers else [summary_grid(counted)]


def check(counted: Sequence[Counted], *, classes: int, image_size: int) -> list[str]:
    """Build every network in Keras; a sentence for each that counts otherwise."""
    from densebench.models.check import find_disagreements

    found = ((variant, find_disagreements(variant, classes=classes, image_size=image_size)) for variant, _ in counted)
    return [f"{variant.name}: {'; '.join(differences)}." for variant, differences in found if differences]


def compare(paths: Sequence[Path], options: CompareOptions, *, published: bool) -> Comparison:
    """Compare the runs of files and folders; with what others published of their variants, if asked."""
    found = gather(paths, baseline=options.baseline, published=published)
    return compare_runs(found.runs, options, found.baseline_runs)


def picture(compared: Comparison, *, plot: Path | None, html: Path | None) -> list[Path]:
    """Draw pictures and write the page where asked; returns the files written."""
    written: list[Path] = []
    if plot is not None:
        from densebench.reporting.figures.plot import plot as draw

        written += draw(compared, plot)
    if html is not None:
        from densebench.reporting.page.page import write_page

        written.append(write_page(compared, html))
    return written


def environment(data_dir: str | None) -> list[Grid]:
    """What decides a figure on this machine, and what is not at hand."""
    backends = [(backend, find_version(backend)) for backend in BACKENDS]
    return environment_grid(probe(), backends, list_missing(datasets.list_absent(data_dir)))


def _plan_row(planned: PlannedRun) -> PlanRow:
    config, run = planned.config, planned.config.run or planned.stem
    return PlanRow(
        run=run,
        what="complete" if planned.completed else "resume" if config.resume else "new",
        variant=config.variant,
        dataset=planned.facts.name,
        epochs=config.recipe.epochs,
        batch_size=config.recipe.batch_size,
        steps=planned.steps,
        params=planned.cost.params,
        forward_macs=planned.cost.forward_macs,
        results=str(store.run_path(config.results_dir, run)),
        directory=str(run_directory(config.runs_dir, run)),
    )


def _train_one(planned: PlannedRun, view: View, time_limit: float | None) -> Made:
    config = planned.config
    if not config.resume:
        config = claim(config, planned.stem)
    return _made(TrainTask(config=config), view, time_limit)


def _completed(planned: PlannedRun) -> Made:
    config = planned.config
    return Made(
        run=csv_file.read(store.run_path(config.results_dir, planned.stem))[0],
        outcome=Ended(status="completed", reason=None, exit_code=0),
        directory=Path(config.runs_dir) / planned.stem,
    )


def _made(task: Task, view: View, time_limit: float | None = None) -> Made:
    """Do the task in its process, show it, and read back what it left."""
    name = str(task.config.run)
    directory = run_directory(task.config.runs_dir, name)
    outcome = launch(task, directory=directory, on_event=view.on, time_limit=time_limit)
    return Made(run=_left(task.config, outcome), outcome=outcome, directory=directory)


def _left(config: RunConfig, outcome: Ended) -> Run:
    """The run on disk; where even its file could not be written, the little that is known."""
    path = store.run_path(config.results_dir, str(config.run))
    if path.exists():
        return csv_file.read(path)[0]
    return Run(run=str(config.run), variant=config.variant, status=outcome.status, reason=outcome.reason)


def _shown(planned: PlannedRun) -> ShownRun:
    images = planned.facts.train_images or 1
    return ShownRun(
        name=planned.config.run or planned.stem,
        epochs=planned.config.recipe.epochs,
        work=float(images * planned.cost.forward_macs),
    )
