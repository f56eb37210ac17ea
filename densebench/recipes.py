"""The named training recipes, as plain values: how a network is trained, without a framework.

``blog``   SGD with Nesterov momentum, batch 64, 300 epochs, a tenth of the learning rate after a half and again after
           three quarters, L2 on every kernel, flips and shifts.
``short``  the most accurate after few epochs (docs/recipes.md has what each part brings): Muon, a learning rate that
           falls linearly to zero, no cutout and no label smoothing, 30 epochs.

A recipe's ``weight_decay`` is the coefficient of a Keras L2 loss, ``weight_decay * sum(w**2)``, whose gradient is
``2 * weight_decay * w``: half of what PyTorch calls ``weight_decay``. Muon takes as much off the kernels,
without a loss.
"""

import json
import math
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from densebench.errors import join_names

MUON_ITERATIONS = 5  # that make a kernel's step orthogonal


@dataclass(frozen=True)
class Setting:
    """What a field of a recipe means, and which values it may have."""

    means: str
    least: float = -math.inf
    most: float = math.inf
    least_excluded: bool = False
    most_excluded: bool = False

    def describe_mistake(self, value: Any) -> str | None:
        """``"must be at least 1"``, or None where the value is one of them."""
        if value < self.least or (self.least_excluded and value == self.least):
            return f"must be {'above' if self.least_excluded else 'at least'} {self.least:g}"
        if not value <= self.most or (self.most_excluded and value == self.most):
            return f"must be {'below' if self.most_excluded else 'at most'} {self.most:.0f}"
        return None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a network is trained, apart from the network, the data and the seed."""

    name: str
    epochs: Annotated[int, Setting("passes over the training images", 1, 1_000_000)]
    batch_size: Annotated[int, Setting("images a step", 1, 1_000_000)]
    learning_rate: Annotated[float, Setting("highest learning rate", 0, 1e6, True, True)]
    schedule: Annotated[Literal["steps", "cosine", "linear"], Setting("steps, or cosine or linear, which fall to zero")]
    warmup_ratio: Annotated[float, Setting("part of the epochs in which the rate rises first", 0, 1, False, True)] = 0.0
    optimizer: Annotated[
        Literal["sgd", "muon"], Setting("sgd, or muon, which makes the steps of convolutions orthogonal")
    ] = "sgd"
    momentum: Annotated[float, Setting("of either optimizer", 0, 1, most_excluded=True)]
    nesterov: Annotated[bool, Setting("whether the momentum is Nesterov's")]
    weight_decay: Annotated[
        float, Setting("c of the L2 loss c * sum(w**2) of every kernel; half of PyTorch's", 0, 1e6, False, True)
    ]
    label_smoothing: Annotated[float, Setting("part of each label that all classes share", 0, 1, most_excluded=True)]
    flip: Annotated[bool, Setting("images are mirrored at random, where the dataset allows it")]
    alternate_flips: Annotated[bool, Setting("with flip: mirrored in every second epoch instead")] = False
    shift: Annotated[float, Setting("largest shift, as a fraction of the image's side", 0, 1)]
    cutout: Annotated[int, Setting("side in pixels of the square set to zero; 0 for none", 0)]
    extensions: str = ""  # how the run got more epochs than it was started with: see densebench.schedules


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="blog",
            epochs=300,
            batch_size=64,
            learning_rate=0.1,
            schedule="steps",
            momentum=0.9,
            nesterov=True,
            weight_decay=1e-4,
            label_smoothing=0.0,
            flip=True,
            shift=0.125,
            cutout=0,
        ),
        Recipe(
            name="short",
            epochs=30,
            batch_size=64,
            learning_rate=0.05,
            schedule="linear",
            optimizer="muon",
            momentum=0.9,
            nesterov=True,
            weight_decay=0.0125,
            label_smoothing=0.0,
            flip=True,
            shift=0.125,
            cutout=0,
        ),
    )
}


def list_settings() -> dict[str, tuple[Any, Setting]]:
    """The fields of a recipe that a user may choose: the type of each, and what it means."""
    hints = typing.get_type_hints(Recipe, include_extras=True).items()
    return {name: typing.get_args(hint) for name, hint in hints if typing.get_origin(hint) is Annotated}


def find_mistakes(recipe: Recipe) -> Iterator[tuple[str, Any, str]]:
    """(field, value, what it must be) of every field whose value makes no sense."""
    for name, (kind, setting) in list_settings().items():
        value = getattr(recipe, name)
        choices = typing.get_args(kind)
        if choices and value not in choices:
            yield name, value, f"must be {join_names(choices, 'or')}"
        elif not choices and (mistake := setting.describe_mistake(value)):
            yield name, value, mistake
    if recipe.alternate_flips and not recipe.flip:
        yield "alternate_flips", True, "must be false where flip is"


def write_inline(recipe: Recipe) -> str | None:
    """A recipe whose name does not say what it is, as an inline table of TOML: ``{epochs = 300, ...}``; else None."""
    if recipe.name in RECIPES:
        return None
    return "{" + ", ".join(f"{name} = {write_value(getattr(recipe, name))}" for name in list_settings()) + "}"


def write_value(value: Any) -> str:
    """A value of a recipe as TOML has it; JSON's texts, numbers and truth values are TOML's."""
    return json.dumps(value, default=str)


def describe_large_cutout(recipe: Recipe, side: int) -> str:
    """The sentence for a square that is larger than the images."""
    return (
        f"The cutout of recipe {recipe.name!r}, {recipe.cutout} pixels, is larger than the images, whose side is "
        f"{side} pixels: give the recipe a smaller one."
    )
