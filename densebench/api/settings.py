"""The settings that ``train``, ``evaluate`` and ``speed`` take as keywords, named as the options of the commands."""

import math
import numbers
import typing
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

from densebench.errors import InputError, unknown
from densebench.planning.options import Axis, TrainOptions, parse_devices
from densebench.running.launchers.options import LaunchOptions, check_launch

_NUMBERED = {"batch_size": "batch_sizes", "devices": "devices"}  # axes of numbers, and what they are given as
_WORDS = {int: "a whole number", float: "a number", bool: "True or False", str: "a text"}


class _CommonSettings(TypedDict, total=False):
    image_size: int  # side in pixels
    backend: str  # tensorflow (default), jax or torch
    precision: str  # float32 (default), mixed_float16 or mixed_bfloat16
    implementation: str  # auto (default), plain or fast
    jit: bool  # whether the step is compiled
    threads: int
    results_dir: str  # "results"
    runs_dir: str  # "runs"


class SpeedSettings(_CommonSettings, total=False):
    """What ``speed`` can be given."""

    classes: int
    recipe: str  # blog (default) or short
    recompute: bool  # recompute activations backward, to save memory
    deterministic: bool
    hosts: str  # auto, or which host of how many this is: INDEX@HOST:PORT,HOST:PORT
    batch_norm: str  # global (default) or replica


class EvaluateSettings(_CommonSettings, total=False):
    """What ``evaluate`` can be given; the data are the run's own where none are named."""

    dataset: str  # cifar10 (default), another of densebench.config.DATASETS, or folder:PATH
    train_limit: int  # images, balanced over the classes
    test_limit: int  # images, balanced over the classes
    test_fraction: float  # to test on, of a folder without test images
    skip_bad_images: bool  # leave out the images of a folder that cannot be read
    validation: int  # training images held out; evaluate evaluates on them
    data_dir: str  # where the dataset's files lie
    offline: bool  # never download
    batch_size: int  # images a step
    run: str  # name of the run


class LaunchSettings(TypedDict, total=False):
    """Who makes the runs of ``train``, as on the command line."""

    launcher: str  # loop (default), ray or slurm
    jobs: int  # runs at a time
    gpus_per_run: float
    cpus_per_run: int
    retries: int  # Ray: how often a run whose process was lost starts again
    ray_address: str  # HOST:PORT of a cluster; this machine by default
    partition: str  # SLURM
    slurm: dict[str, str]  # options of sbatch


class TrainSettings(SpeedSettings, EvaluateSettings, LaunchSettings, total=False):
    """What ``train`` can be given; what is left out is as the recipe has it."""

    epochs: int
    continue_schedule: str  # of a resumed run that gets more epochs: hold (default) or rescale
    learning_rate: float  # the highest
    weight_decay: float  # L2 coefficient, as in a Keras loss
    label_smoothing: float
    cutout: int  # side of the erased square, in pixels
    target: float  # test accuracy, as a fraction, whose time is recorded
    stop_at_target: bool
    checkpoint_every: int  # epochs; 0 for never


class PlanSettings(TypedDict, total=False):
    """What ``plan`` can be given besides its own; what is left out is as the recipe has it."""

    dataset: str
    image_size: int
    classes: int
    train_limit: int
    test_limit: int
    test_fraction: float
    skip_bad_images: bool
    validation: int
    data_dir: str  # where the dataset's files lie: Kaggle's CIFAR has other numbers of images
    recipe: str
    epochs: int
    implementation: str
    recompute: bool
    deterministic: bool
    jit: bool
    threads: int
    batch_norm: str
    target: float  # test accuracy, as a fraction: how long until it is reached
    results_dir: str
    runs_dir: str


def make_options(
    settings: Mapping[str, Any], known: type, *, variants: Iterable[str] = (), seeds: Iterable[int] | None = None
) -> TrainOptions:
    """The options that ``settings`` ask for; raises :class:`InputError` for a name or a type that ``known`` has not."""
    types = typing.get_type_hints(known)
    for name in settings:
        if name not in types:
            raise unknown("setting", name, types)
    checked = {name: check_type(name, value, types[name]) for name, value in settings.items() if value is not None}
    names = tuple(check_type("a variant", name, str) for name in variants)
    return TrainOptions(**checked, variants=names, seeds=None if seeds is None else check_whole_numbers("seeds", seeds))


def make_launch(settings: dict[str, Any]) -> LaunchOptions:
    """The launcher and its options, which are taken out of ``settings``; raises :class:`InputError`."""
    types = typing.get_type_hints(LaunchSettings)
    given = {name: settings.pop(name) for name in types if settings.get(name) is not None}
    slurm = given.pop("slurm", {})
    if not isinstance(slurm, Mapping):
        raise InputError(f"slurm is {slurm!r} where options of sbatch belong, such as {{'account': 'vision'}}.")
    checked = {name: check_type(name, value, types[name]) for name, value in given.items()}
    options = LaunchOptions(**checked, slurm=tuple(f"{name}={value}" for name, value in slurm.items()))
    check_launch(options)
    return options


def make_axes(settings: Mapping[str, Any], **given: Iterable[Any] | None) -> tuple[Axis, ...]:
    """The settings of which several are asked for; raises :class:`InputError` for one that ``settings`` has too."""
    axes: list[Axis] = []
    for name, values in given.items():
        if values is None:
            continue
        if name in settings:
            raise InputError(f"{name} was given once, and several of it too: give one of them.")
        if name in _NUMBERED:
            axes.append((name, check_whole_numbers(_NUMBERED[name], values)))
        else:
            axes.append((name, check_texts(name, values)))
    return tuple(axes)


def check_texts(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    """At least one text; raises :class:`InputError`."""
    if isinstance(values, str):
        raise InputError(f"{values!r} stands where several values of {name} belong: write it as [{values!r}].")
    found = tuple(check_type(f"a {name}", value, str) for value in values)
    if not found:
        raise InputError(f"No {name} was given where several may be: give at least one.")
    return found


def read_devices(devices: int | str | Iterable[int] | None) -> tuple[int, ...]:
    """One number or several, or ``"all"``; none if it was not given. Raises :class:`InputError`."""
    if devices is None:
        return ()
    if isinstance(devices, str):
        return parse_devices(devices)
    if isinstance(devices, Iterable):
        return check_whole_numbers("devices", devices)
    return (check_type("devices", devices, int),)


def check_type(name: str, value: object, expected: type) -> Any:
    """The value as ``expected``; NumPy's numbers are numbers too. Raises :class:`InputError` with its name."""
    if isinstance(value, bool) or expected in (bool, str):
        fits = isinstance(value, bool) if expected is bool else expected is str and isinstance(value, str)
    else:
        fits = isinstance(value, numbers.Integral if expected is int else numbers.Real)
    if fits:
        return expected(value)
    raise InputError(f"{name} is {value!r} where {_WORDS[expected]} belongs.")


def check_positive(name: str, value: object) -> float:
    """A number above 0 that is finite; raises :class:`InputError`."""
    number: float = check_type(name, value, float)
    if not 0 < number < math.inf:
        raise InputError(f"{name} is {value!r} where a finite number above 0 belongs.")
    return number


def check_fraction(name: str, value: object) -> float:
    """A number between 0 and 1; raises :class:`InputError`."""
    number = check_positive(name, value)
    if number >= 1:
        raise InputError(f"{name} is {value!r} where a fraction below 1 belongs, such as 0.02.")
    return number


def check_whole_numbers(name: str, values: object) -> tuple[int, ...]:
    """At least one whole number; raises :class:`InputError`."""
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise InputError(f"{name} is {values!r} where several whole numbers belong, such as [0, 1, 2].")
    found = tuple(check_type(name, value, int) for value in values)
    if not found:
        raise InputError(f"{name} is empty: give at least one whole number.")
    return found


def check_paths(paths: Iterable[object]) -> list[Path]:
    """At least one path of a results file or folder; raises :class:`InputError`."""
    found = []
    for path in paths:
        if not isinstance(path, str | PathLike):
            raise InputError(f"A path is {path!r}: give files and folders one by one, as texts or Path objects.")
        found.append(Path(path))
    if not found:
        raise InputError("No results were given: name files, or a folder that holds some.")
    return found
