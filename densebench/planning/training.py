"""The runs that ``train`` will make: new ones, those to resume, and those that are complete already."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RESULTS_DIR, RUN_NAME, RUNS_DIR, RunConfig, clean_name, fingerprint, name_variant
from densebench.data import datasets
from densebench.data.folder.loader import PREFIX
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models.cost import Cost
from densebench.models.own.lookup import load, load_configured
from densebench.models.variant import AnyVariant
from densebench.planning.networks import choose_network, count_on, require_fitting_recipe
from densebench.planning.options import TrainOptions, configure, describe_differences, list_combinations, name_axes
from densebench.planning.run_paths import StoredRun, find_run, require_no_code
from densebench.prediction.values import Prediction
from densebench.records import Run
from densebench.reporting.listings import PlannedRow
from densebench.reporting.plan.formats import format_interval
from densebench.results import csv_file, store
from densebench.results.target import find_first_reaching
from densebench.running.directory import CONFIG_FILE, run_directory
from densebench.running.run_data import require_same_data
from densebench.schedules import DEFAULT_RULE, extend

_LAST = "last"  # --resume last
_Identity = tuple[str, int, int]  # of a run: fingerprint, devices of each host, hosts
_SCHEDULE_ALONE = "--schedule is for a run that gets more epochs: give it with --resume and --epochs."


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run as it would be made, with all that can be known before it."""

    config: RunConfig
    is_named: bool  # by the user; else a number is added where the name is taken
    facts: DatasetFacts
    cost: Cost
    steps_per_epoch: int | None
    completed: bool = False  # already on disk, so not made again

    @property
    def steps(self) -> int | None:
        """Steps in all."""
        return None if self.steps_per_epoch is None else self.steps_per_epoch * self.config.recipe.epochs

    @property
    def is_new(self) -> bool:
        """Whether it would get a name and a directory."""
        return not (self.completed or self.config.resume)

    def rename(self, run: str) -> "PlannedRun":
        """The same run under another name."""
        return dataclasses.replace(self, config=dataclasses.replace(self.config, run=run))


def plan_new(options: TrainOptions, *, skip_completed: bool = False) -> list[PlannedRun]:
    """One run for every variant, combination of settings, and seed, in that order; raises :class:`InputError`.

    A run that is asked for twice is made once. With ``skip_completed`` one of the same settings that is on disk is not
    made again, or is resumed if unfinished.
    """
    if options.continue_schedule is not None:
        raise InputError(_SCHEDULE_ALONE)
    if not options.variants:
        raise InputError("No variant was named: say which, such as 'densebench train resnet20 --dataset digits'.")
    seeds = options.seeds or (RunConfig.seed,)
    asked = (
        (choose_network(configure(one, variant=network.name, run=options.run or "x", seed=seed), network), network)
        for network in [load(name) for name in options.variants]
        for one in list_combinations(options)
        for seed in seeds
    )
    wanted = list(dict.fromkeys(asked))
    if options.run is not None and len(wanted) > 1:
        raise InputError(f"--run {options.run} names one run, but {len(wanted)} were asked for: leave it out.")
    known = _read_runs(wanted[0][0].results_dir) if skip_completed else {}
    varied = [name for name, _ in options.axes]
    planned = [_plan_run(*one, is_named=options.run is not None, varied=varied) for one in wanted]
    continued = [_continue(run, known.get(_identify(run.config))) for run in planned]
    _check_data([run.config for run in continued if run.completed or run.config.resume], "cannot be taken for complete")
    return continued


def plan_resumed(name: str, options: TrainOptions) -> PlannedRun:
    """The run of that name, or the last one that is not complete, to be continued, with more epochs if they are asked.

    Raises :class:`InputError` if an option was given that would change what the run is.
    """
    if options.axes:
        name_of_axis, values = options.axes[0]
        raise InputError(
            f"--resume continues one run, but {len(values)} values of {name_of_axis} were given: leave them out."
        )
    found = _find_last_unfinished(options) if name == _LAST else find_run(name, options.runs_dir)
    run, stored = found.name, _configure_where_it_lies(found, options)
    path = store.run_path(stored.results_dir, run)
    if path.exists() and not _is_training(csv_file.read(path)):
        raise InputError(f"Run {run!r} is not a training, and only a training can be resumed: start a new run.")
    if found.by_results_file:
        require_no_code(stored, f"train --resume {name}")
    stored, options = _extend(stored, options)
    network = _one_network(options) or load_configured(stored)
    asked = choose_network(configure(options, variant=network.name, run=run, base=stored), network)
    asked = dataclasses.replace(asked, runs_dir=stored.runs_dir, results_dir=stored.results_dir)
    differences = describe_differences(stored, asked)
    if differences:
        raise InputError(
            f"Run {run!r} cannot be resumed with other settings ({differences}): leave them out, or start a new run."
        )
    planned = _plan_run(dataclasses.replace(asked, resume=True), network, is_named=True)
    _check_data([planned.config], "cannot be resumed")
    return planned


def describe_planned(planned: PlannedRun, prediction: Prediction | None) -> PlannedRow:
    """The run as a row of a table."""
    config = planned.config
    return PlannedRow(
        run=config.run,
        what="complete" if planned.completed else "new" if planned.is_new else "resume",
        variant=config.variant,
        dataset=planned.facts.name,
        epochs=config.recipe.epochs,
        batch_size=config.recipe.batch_size,
        devices=config.devices,
        validation_images=planned.facts.validation_images or 0,
        checkpoint_every=config.checkpoint_every,
        steps=planned.steps,
        predicted_total_seconds=None if prediction is None else prediction.total_seconds,
        interval=None if prediction is None else format_interval(prediction),
        predicted_peak_bytes=None if prediction is None else prediction.peak_bytes,
        params=planned.cost.params,
        forward_macs=planned.cost.forward_macs,
        results=str(store.run_path(config.results_dir, config.run)),
        directory=str(run_directory(config.runs_dir, config.run)),
    )


def _extend(stored: RunConfig, options: TrainOptions) -> tuple[RunConfig, TrainOptions]:
    """The run with as many epochs as are asked for if these are more, and the options without them."""
    epochs, rule = options.epochs, options.continue_schedule
    if epochs is None or epochs <= stored.recipe.epochs:
        if rule is not None:
            raise InputError(_SCHEDULE_ALONE)
        return stored, options
    if stored.checkpoint_every == 0:
        raise InputError(f"Run {stored.run!r} has no checkpoints, so it cannot get more epochs: start a new run.")
    path = store.run_path(options.results_dir or stored.results_dir, stored.run)
    records = csv_file.read(path)[0].records if path.exists() else ()
    if stored.stop_at_target and stored.target is not None and find_first_reaching(records, stored.target):
        raise InputError(
            f"Run {stored.run!r} has reached its target, where it stops, so more epochs would train nothing: start a "
            "new run without --stop-at-target."
        )
    recipe = extend(stored.recipe, epochs=epochs, finished=len(records), rule=rule or DEFAULT_RULE)
    return dataclasses.replace(stored, recipe=recipe), dataclasses.replace(options, epochs=None)


def _configure_where_it_lies(found: StoredRun, options: TrainOptions) -> RunConfig:
    """The stored configuration, with the folders in which the run will go on; raises :class:`InputError`."""
    results_dir = options.results_dir or found.results_dir
    if results_dir is None:
        raise InputError(
            f"The run in {str(found.directory)!r} does not say where its results file is: give --results-dir."
        )
    folder = found.data_folder
    if folder is not None and found.base != Path.cwd():
        raise InputError(
            f"Run {found.name!r} was started in {str(found.base)!r} on {found.config.data.dataset!r}, a folder there: "
            "resume it from there."
        )
    return dataclasses.replace(found.config, runs_dir=found.runs_dir, results_dir=results_dir)


def _plan_run(config: RunConfig, network: AnyVariant, *, is_named: bool, varied: Sequence[str] = ()) -> PlannedRun:
    """``varied`` are the settings in which the runs of one command differ: each is in the run's name."""
    facts = datasets.describe(config.data)
    batch_size, images = config.recipe.batch_size, facts.train_images
    require_fitting_recipe(config.recipe, facts)
    if config.stop_at_target and config.target is None:
        raise InputError("--stop-at-target needs a target to stop at: give --target, or leave it out.")
    parts = [name_variant(config.variant), clean_name(facts.name), *name_axes(config, varied), f"s{config.seed}"]
    run = config.run if is_named else "-".join(parts)
    return PlannedRun(
        config=dataclasses.replace(config, run=run),
        is_named=is_named,
        facts=facts,
        cost=count_on(network, facts, backend=config.backend),
        steps_per_epoch=None if images is None else -(-images // batch_size),
    )


def _continue(planned: PlannedRun, known: Run | None) -> PlannedRun:
    """The same run marked as completed, or as one to resume, if it is already on disk."""
    if known is None:
        return planned
    config = dataclasses.replace(planned.config, run=known.run)
    if known.status == "completed":
        return dataclasses.replace(planned, config=config, completed=True)
    if not (run_directory(config.runs_dir, known.run) / CONFIG_FILE).exists():
        return planned
    return dataclasses.replace(planned, config=dataclasses.replace(config, resume=True))


def _identify(config: RunConfig) -> _Identity:
    """What a run is, and on what it runs: devices change the time alone, but that is asked for too."""
    return fingerprint(config), config.devices, config.hosts


def _read_runs(results_dir: str) -> dict[_Identity, Run]:
    """The trainings on disk; of two that are the same the completed one."""
    files = sorted(Path(results_dir).glob("*.csv"))
    runs = [run for run in store.read_all(files) if run.phase == "train" and run.fingerprint]
    runs.sort(key=lambda run: run.status == "completed")
    return {(str(run.fingerprint), run.devices or 1, run.hosts or 1): run for run in runs}


def _check_data(configs: Sequence[RunConfig], purpose: str) -> None:
    """Raise :class:`InputError` where runs of one dataset were trained on other images than there are now.

    Only a folder can change between two starts; every run checks its data once more before it trains.
    """
    if configs and configs[0].data.dataset.startswith(PREFIX):
        dataset = datasets.load(configs[0].data)
        for config in configs:
            require_same_data(config, dataset, purpose=purpose)


def _find_last_unfinished(options: TrainOptions) -> StoredRun:
    runs_dir = Path(options.runs_dir or RUNS_DIR)
    files = sorted(runs_dir.glob(f"*/{CONFIG_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for name in (file.parent.name for file in files):
        if RUN_NAME.fullmatch(name):
            found = find_run(name, options.runs_dir)
            results_dir = options.results_dir or found.results_dir or RESULTS_DIR
            if _is_unfinished(store.run_path(results_dir, name)):
                return found
    raise InputError(f"No unfinished run lies in {str(runs_dir)!r}: name one, or give --runs-dir.")


def _is_unfinished(path: Path) -> bool:
    """Whether the run of that file is a training to be continued; killed early enough, it has no file."""
    if not path.exists():
        return True
    runs = csv_file.read(path)
    return _is_training(runs) and not all(run.status == "completed" for run in runs)


def _is_training(runs: Sequence[Run]) -> bool:
    return all(run.phase == "train" for run in runs)


def _one_network(options: TrainOptions) -> AnyVariant | None:
    if len(options.variants) > 1:
        raise InputError(f"--resume continues one run, but {len(options.variants)} variants were named.")
    return load(options.variants[0]) if options.variants else None
