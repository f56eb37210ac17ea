"""From what the user typed to the runs that will be made: checked in full before anything heavy loads."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench.config import DataConfig, RunConfig, deciding_values, fingerprint, from_json
from densebench.data import datasets
from densebench.data.datasets import DatasetFacts
from densebench.errors import InputError, unknown
from densebench.models import cost, variants
from densebench.models.cost import Cost
from densebench.recipes import RECIPES, Recipe
from densebench.records import Run
from densebench.reporting import store
from densebench.running.directory import run_directory

LAST = "last"  # --resume last


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of ``train`` and ``speed`` as given; ``None`` where nothing was given."""

    variants: tuple[str, ...] = ()
    seeds: tuple[int, ...] | None = None
    recipe: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    label_smoothing: float | None = None
    cutout: int | None = None
    dataset: str | None = None
    image_size: int | None = None
    classes: int | None = None
    train_limit: int | None = None
    test_limit: int | None = None
    validation: int | None = None
    test_fraction: float | None = None
    data_dir: str | None = None
    offline: bool | None = None
    backend: str | None = None
    precision: str | None = None
    implementation: str | None = None
    recompute: bool | None = None
    deterministic: bool | None = None
    jit: bool | None = None
    threads: int | None = None
    target: float | None = None
    stop_at_target: bool | None = None
    run: str | None = None
    results_dir: str | None = None
    runs_dir: str | None = None
    checkpoint_every: int | None = None
    command: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run as it would be made, with all that can be known before it."""

    config: RunConfig
    stem: str  # what the run is called, unless that name is taken
    facts: DatasetFacts
    cost: Cost
    steps_per_epoch: int | None
    completed: bool = False  # already on disk, so not made again

    @property
    def steps(self) -> int | None:
        """Steps in all."""
        return None if self.steps_per_epoch is None else self.steps_per_epoch * self.config.recipe.epochs


def plan(options: TrainOptions, *, skip_completed: bool = False) -> list[PlannedRun]:
    """One run for every variant and seed, in that order; raises :class:`InputError`."""
    if not options.variants:
        raise InputError("No variant was named: say which, such as 'densebench train resnet20 --dataset digits'.")
    seeds = options.seeds or (0,)
    names = [variants.find(name).name for name in options.variants]
    configs = [configure(options, variant=name, seed=seed) for name in names for seed in seeds]
    if options.run is not None and len(configs) > 1:
        raise InputError(f"--run {options.run} names one run, but {len(configs)} were asked for: leave it out.")
    known = _runs_by_fingerprint(configs[0].results_dir) if skip_completed else {}
    return [_continued(_planned(config), known.get(fingerprint(config))) for config in configs]


def plan_resumed(name: str, options: TrainOptions) -> PlannedRun:
    """The run of that name (or the last one that is not complete), to be gone on with.

    Raises :class:`InputError` if an option was given that would change what the run is.
    """
    runs_dir = options.runs_dir or RunConfig(variant="").runs_dir
    run = _last_unfinished(options) if name == LAST else name
    stored = read_config(run_directory(runs_dir, run))
    asked = configure(options, variant=_one_variant(options) or stored.variant, base=stored)
    differences = describe_differences(stored, asked)
    if differences:
        raise InputError(
            f"Run {run!r} cannot be resumed with other settings ({differences}): leave them out, or start a new run."
        )
    return _planned(dataclasses.replace(asked, run=run, resume=True))


def configure(
    options: TrainOptions, *, variant: str, seed: int | None = None, base: RunConfig | None = None
) -> RunConfig:
    """The configuration that the options ask for, on top of ``base`` or of the defaults."""
    base = base or RunConfig(variant=variant)
    given = _given(options)
    data = dataclasses.replace(base.data, **_only(given, DataConfig))
    recipe = base.recipe if options.recipe is None else _find_recipe(options.recipe)
    recipe = dataclasses.replace(recipe, **_only(given, Recipe, but=("name",)))
    if seed is None and options.seeds:
        seed = options.seeds[0]
    return dataclasses.replace(
        base,
        **_only(given, RunConfig, but=("recipe", "data", "seed", "variant")),
        variant=variant,
        data=data,
        recipe=recipe,
        seed=base.seed if seed is None else seed,
    )


def read_config(directory: Path) -> RunConfig:
    """What a run was asked to be; raises :class:`InputError` if there is no such run."""
    try:
        return from_json((directory / "config.json").read_text())
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"There is no run {directory.name!r} in {str(directory.parent)!r}: "
            "name one of its folders, or give --runs-dir."
        ) from None


def describe_differences(stored: RunConfig, asked: RunConfig) -> str:
    """``"epochs 300 -> 5, seed 0 -> 1"``; empty where both decide the same numbers."""
    before, after = deciding_values(stored), deciding_values(asked)
    return ", ".join(
        f"{name.split('.')[-1]} {before.get(name)} -> {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def parse_seeds(text: str) -> tuple[int, ...]:
    """``"0-4"``, ``"1,3,5"`` or ``"7"`` -> seeds, each once, in the order given."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InputError(f"--seeds {text!r} cannot be read at {part.strip()!r}: write it as 0-4 or 0,1,2.")
        ends = int(first), int(last or first)
        if ends[1] < ends[0] or ends[1] - ends[0] >= 10_000:
            raise InputError(f"--seeds {text!r} is no range at {part.strip()!r}: write the smaller seed first.")
        seeds += range(ends[0], ends[1] + 1)
    return tuple(dict.fromkeys(seeds))


def _planned(config: RunConfig) -> PlannedRun:
    facts = datasets.facts(config.data)
    variant = variants.find(config.variant)
    batch_size, images = config.recipe.batch_size, facts.train_images
    if images is not None and batch_size > images:
        raise InputError(
            f"--batch-size {batch_size} is more than the {images} training images of {facts.name}: take a smaller one."
        )
    return PlannedRun(
        config=config,
        stem=f"{variant.name}-{facts.name}-s{config.seed}",
        facts=facts,
        cost=cost.count(variant, classes=facts.classes or 10, image_size=facts.image_size or 32),
        steps_per_epoch=None if images is None else -(-images // batch_size),
    )


def _continued(planned: PlannedRun, known: Run | None) -> PlannedRun:
    """The same run marked as completed, or as one to resume, if it is already on disk."""
    if known is None:
        return planned
    if known.status == "completed":
        return dataclasses.replace(planned, completed=True, stem=known.run)
    if not (run_directory(planned.config.runs_dir, known.run) / "config.json").exists():
        return planned
    config = dataclasses.replace(planned.config, run=known.run, resume=True)
    return dataclasses.replace(planned, config=config, stem=known.run)


def _runs_by_fingerprint(results_dir: str) -> dict[str, Run]:
    """The trainings on disk; of two with one fingerprint the completed one."""
    files = sorted(Path(results_dir).glob("*.csv"))
    runs = [run for run in store.read_all(files) if run.phase == "train" and run.fingerprint]
    runs.sort(key=lambda run: run.status == "completed")
    return {str(run.fingerprint): run for run in runs}


def _last_unfinished(options: TrainOptions) -> str:
    defaults = RunConfig(variant="")
    runs_dir = Path(options.runs_dir or defaults.runs_dir)
    results_dir = options.results_dir or defaults.results_dir
    configs = sorted(runs_dir.glob("*/config.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in configs:
        if not _is_completed(store.run_path(results_dir, path.parent.name)):
            return path.parent.name
    raise InputError(f"No unfinished run lies in {str(runs_dir)!r}: name one, or give --runs-dir.")


def _is_completed(path: Path) -> bool:
    return path.exists() and all(run.status == "completed" for run in store.read(path))


def _one_variant(options: TrainOptions) -> str | None:
    if len(options.variants) > 1:
        raise InputError(f"--resume goes on with one run, but {len(options.variants)} variants were named.")
    return variants.find(options.variants[0]).name if options.variants else None


def _find_recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


def _given(options: TrainOptions) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(options).items() if value is not None}


def _only(given: dict[str, Any], owner: type, *, but: Sequence[str] = ()) -> dict[str, Any]:
    """The given values that are fields of ``owner``."""
    names: Iterable[str] = (field.name for field in dataclasses.fields(owner))
    return {name: given[name] for name in names if name in given and name not in but}
