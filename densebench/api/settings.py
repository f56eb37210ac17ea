"""The settings that ``train``, ``evaluate`` and ``speed`` take as keywords, named as the options of the commands."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from densebench.errors import unknown
from densebench.planning.options import TrainOptions


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


class EvaluateSettings(_CommonSettings, total=False):
    """What ``evaluate`` can be given; the data are the run's own where none are named."""

    dataset: str  # cifar10 (default), cifar100, digits, synthetic or folder:PATH
    train_limit: int  # images, balanced over the classes
    test_limit: int  # images, balanced over the classes
    test_fraction: float  # of a folder without train/ and test/
    validation: int  # training images held out; evaluate evaluates on them
    data_dir: str  # where the CIFAR archive lies
    offline: bool  # never download
    batch_size: int  # images a step
    run: str  # name of the run


class TrainSettings(SpeedSettings, EvaluateSettings, total=False):
    """What ``train`` and ``plan`` can be given; what is left out is as the recipe has it."""

    epochs: int
    learning_rate: float  # at the start
    weight_decay: float  # L2 coefficient, as in a Keras loss
    label_smoothing: float
    cutout: int  # side of the erased square, in pixels
    target: float  # test accuracy, as a fraction, whose time is recorded
    stop_at_target: bool
    checkpoint_every: int  # epochs; 0 for never


def make_options(
    settings: Mapping[str, Any], known: type, *, variants: Iterable[str] = (), seeds: Iterable[int] | None = None
) -> TrainOptions:
    """The options that ``settings`` ask for; raises :class:`InputError` for one that ``known`` has not."""
    for name in settings:
        if name not in known.__annotations__:
            raise unknown("setting", name, known.__annotations__)
    return TrainOptions(**settings, variants=tuple(variants), seeds=None if seeds is None else tuple(seeds))
