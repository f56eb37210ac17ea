"""The options as they were given, and the configuration that they ask for."""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from densebench.config import REPLICAS, DataConfig, RunConfig, deciding_values
from densebench.errors import InputError
from densebench.measuring.gpu.cuda_device import count_devices
from densebench.planning.recipe_file import find_recipe
from densebench.recipes import Recipe
from densebench.training.parallel.hosts import find_host

Axis = tuple[str, tuple[str | int, ...]]  # a setting's name, and the values of it
AXES = ("backend", "precision", "implementation", "batch_size", "devices")


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of ``train`` and ``speed`` as given; ``None`` where nothing was given."""

    variants: tuple[str, ...] = ()
    seeds: tuple[int, ...] | None = None
    recipe: str | None = None
    epochs: int | None = None
    continue_schedule: str | None = None  # of a resumed run that gets more epochs
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
    skip_bad_images: bool | None = None
    data_dir: str | None = None
    offline: bool | None = None
    backend: str | None = None
    precision: str | None = None
    implementation: str | None = None
    recompute: bool | None = None
    deterministic: bool | None = None
    jit: bool | None = None
    threads: int | None = None
    devices: int | None = None
    hosts: str | None = None
    batch_norm: str | None = None
    target: float | None = None
    stop_at_target: bool | None = None
    axes: tuple[Axis, ...] = ()  # settings of which several are asked for, in every combination
    run: str | None = None
    results_dir: str | None = None
    runs_dir: str | None = None
    checkpoint_every: int | None = None
    command: str | None = None


def configure(
    options: TrainOptions, *, variant: str, run: str, seed: int | None = None, base: RunConfig | None = None
) -> RunConfig:
    """The configuration that the options ask for, on top of ``base`` or of the defaults."""
    base = base or RunConfig(variant=variant, run=run)
    if seed is None and options.seeds:
        seed = options.seeds[0]
    return dataclasses.replace(
        base,
        **_select(options, RunConfig, but=("recipe", "data", "seed", "variant", "run", "hosts")),
        hosts=1 if options.hosts is None else find_host(options.hosts).count,  # wherever it was started
        variant=variant,
        run=run,
        data=dataclasses.replace(base.data, **_select(options, DataConfig)),
        recipe=_configure_recipe(options, base.recipe),
        seed=base.seed if seed is None else seed,
    )


def _configure_recipe(options: TrainOptions, base: Recipe) -> Recipe:
    """The recipe of that name, or ``base``, with what the options change in it."""
    if options.recipe is not None:
        base = find_recipe(options.recipe)
    return dataclasses.replace(base, **_select(options, Recipe, but=("name",)))


def list_combinations(options: TrainOptions) -> list[TrainOptions]:
    """The options once for every combination of what several are asked for of; as they are where nothing is."""
    names = [name for name, _ in options.axes]
    combinations = itertools.product(*(values for _, values in options.axes))
    chosen: list[dict[str, Any]] = [dict(zip(names, values, strict=True)) for values in combinations]
    return [dataclasses.replace(options, axes=(), **one) for one in chosen]


def name_axes(config: RunConfig, names: Sequence[str]) -> list[str]:
    """Parts of a run's name for the settings in which the runs of one command differ: ``["jax", "b128", "d2"]``."""
    letters = {"batch_size": "b", "devices": "d"}
    values = {"batch_size": config.recipe.batch_size}
    return [f"{letters.get(name, '')}{values.get(name) or getattr(config, name)}" for name in names]


def describe_differences(stored: RunConfig, asked: RunConfig) -> str:
    """``"epochs 300 -> 5, seed 0 -> 1"``; empty where both decide the same numbers."""
    before, after = deciding_values(stored), deciding_values(asked)
    for values in (before, after):
        values.pop(REPLICAS, None)  # a run goes on with any number of devices
        values.setdefault("batch_norm", RunConfig.batch_norm)
    return ", ".join(
        f"{name.split('.')[-1]} {before.get(name)} -> {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def parse_batch_sizes(text: str) -> tuple[int, ...]:
    """``"32,64,128"`` -> batch sizes, each once, in the order given."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not part.isdecimal() or not 1 <= int(part) <= 1_000_000:
            raise InputError(f"--batch-size {text!r} cannot be read at {part!r}: write it as 64 or 32,64,128.")
    return tuple(dict.fromkeys(int(part) for part in parts))


def parse_devices(text: str) -> tuple[int, ...]:
    """``"2"``, ``"1,2,4"`` or ``"all"``, the GPUs of this host -> numbers of devices, each once, in the order given."""
    if text.strip() == "all":
        found = count_devices()
        if not found:
            raise InputError("--devices all finds no GPU here: give a number, and the devices share the CPU's cores.")
        return (found,)
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not part.isdecimal() or not int(part):
            raise InputError(f"--devices {text!r} cannot be read at {part!r}: write it as 2, 1,2,4 or all.")
    return tuple(dict.fromkeys(int(part) for part in parts))


def parse_seeds(text: str) -> tuple[int, ...]:
    """``"0-4"``, ``"1,3,5"`` or ``"7"`` -> seeds, each once, in the order given."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InputError(f"--seeds {text!r} cannot be read at {part.strip()!r}: write it as 0-4 or 0,1,2.")
        ends = int(first), int(last or first)
        if ends[1] < ends[0]:
            raise InputError(f"--seeds {text!r} is no range at {part.strip()!r}: write the smaller seed first.")
        if ends[1] - ends[0] >= 10_000:
            raise InputError(f"--seeds {text!r} asks for more than 10,000 seeds at {part.strip()!r}: give fewer.")
        seeds += range(ends[0], ends[1] + 1)
    return tuple(dict.fromkeys(seeds))


def _select(options: TrainOptions, owner: type, *, but: Sequence[str] = ()) -> dict[str, Any]:
    """The options that were given and are fields of ``owner``."""
    names = {field.name for field in dataclasses.fields(owner)} - set(but)
    given = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
    return {name: value for name, value in given.items() if name in names}
