"""The named training recipes, as plain values: how a network is trained, without a framework.

``blog``   SGD with Nesterov momentum, batch 64, 300 epochs, a tenth of the learning rate after a half and again after
           three quarters, L2 on every kernel, flips and shifts.
``short``  the best published result for a short budget: cosine decay to zero, label smoothing, light cutout, 100
           epochs.

A recipe's ``weight_decay`` is the coefficient of a Keras L2 loss, ``weight_decay * sum(w**2)``, whose gradient is
``2 * weight_decay * w``: twice what PyTorch calls ``weight_decay``.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a network is trained, apart from the network, the data and the seed."""

    name: str
    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Literal["steps", "cosine"]
    momentum: float
    nesterov: bool
    weight_decay: float
    label_smoothing: float
    flip: bool
    shift: float  # largest shift as a fraction of the image's side, filled with zeros
    cutout: int  # side in pixels of the square set to zero; 0 for none
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
            epochs=100,
            batch_size=64,
            learning_rate=0.1,
            schedule="cosine",
            momentum=0.9,
            nesterov=True,
            weight_decay=5e-5,  # PyTorch's 1e-4
            label_smoothing=0.1,
            flip=True,
            shift=0.125,
            cutout=8,
        ),
    )
}
