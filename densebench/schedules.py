"""The learning-rate schedules: the rate of every epoch of a recipe."""

import math

from densebench.recipes import Recipe


def learning_rate_at(recipe: Recipe, epoch: int) -> float:
    """Learning rate of an epoch, counted from 1: a pure function, so that a resumed run cannot drift."""
    done = (epoch - 1) / recipe.epochs
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2
    if done < 0.5:
        return recipe.learning_rate
    return recipe.learning_rate * (0.1 if done < 0.75 else 0.01)
