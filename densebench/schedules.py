"""The learning-rate schedules: the rate of every epoch of a recipe, also of one that was given more epochs later.

An extension is written as ``hold after 10 of 10``: after epoch 10 a run of 10 epochs was continued, and the rate of its
last epoch goes on; or as ``rescale after 6 of 10``: after epoch 6 the schedule became that of a run of the new length.
Several, oldest first, have a comma between them.
"""

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from densebench.errors import unknown
from densebench.recipes import Recipe

_Rule = Literal["hold", "rescale"]
DEFAULT_RULE = "hold"
_EXTENSION = re.compile(r"(?P<rule>hold|rescale) after (?P<after>\d+) of (?P<epochs>\d+)")


@dataclass(frozen=True, kw_only=True)
class _Extension:
    """The newest extension of a recipe."""

    rule: str
    after: int  # the last epoch with the learning rate of the recipe before
    before: Recipe


def learning_rate_at(recipe: Recipe, epoch: int) -> float:
    """Learning rate of an epoch, counted from 1: a pure function, so that a resumed run cannot drift."""
    extension = _find_newest_extension(recipe)
    if extension is None:
        return _plan_rate(recipe, epoch)
    if epoch <= extension.after:
        return learning_rate_at(extension.before, epoch)
    if extension.rule == "hold":
        return learning_rate_at(extension.before, extension.before.epochs)
    return _plan_rate(recipe, epoch)


def extend(recipe: Recipe, *, epochs: int, finished: int, rule: str) -> Recipe:
    """The recipe with more epochs; raises :class:`InputError` for a rule that is none.

    ``hold``: the learning rate of the last epoch of before goes on. ``rescale``: after the ``finished`` epochs the
    schedule is that of a run of ``epochs``.
    """
    if rule not in get_args(_Rule):
        raise unknown("schedule", rule, get_args(_Rule))
    after = recipe.epochs if rule == "hold" else finished
    added = f"{rule} after {after} of {recipe.epochs}"
    return dataclasses.replace(recipe, epochs=epochs, extensions=", ".join(filter(None, (recipe.extensions, added))))


def list_earlier(recipe: Recipe) -> list[Recipe]:
    """The recipe as it was before each of its extensions, the newest first."""
    extension = _find_newest_extension(recipe)
    return [] if extension is None else [extension.before, *list_earlier(extension.before)]


def _find_newest_extension(recipe: Recipe) -> _Extension | None:
    earlier, _, newest = recipe.extensions.rpartition(", ")
    match = _EXTENSION.fullmatch(newest)
    if match is None:
        return None
    before = dataclasses.replace(recipe, epochs=int(match["epochs"]), extensions=earlier)
    return _Extension(rule=match["rule"], after=int(match["after"]), before=before)


def describe_schedule(recipe: Recipe) -> str:
    """The shape of a recipe's learning rate, without its extensions: ``linear, warmup_ratio 0.2``."""
    return f"{recipe.schedule}, warmup_ratio {recipe.warmup_ratio}" if recipe.warmup_ratio else recipe.schedule


def _plan_rate(recipe: Recipe, epoch: int) -> float:
    warmup = recipe.warmup_ratio * recipe.epochs
    middle = epoch - 0.5
    if middle < warmup:
        return recipe.learning_rate * middle / warmup
    if recipe.schedule == "steps":
        done = (epoch - 1) / recipe.epochs
        return recipe.learning_rate * (1 if done < 0.5 else 0.1 if done < 0.75 else 0.01)
    if recipe.schedule == "cosine":
        done = max(0.0, epoch - 1 - warmup) / (recipe.epochs - warmup)
        return recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2
    return recipe.learning_rate * (recipe.epochs - middle) / (recipe.epochs - warmup)
