"""The network to be trained and its optimizer, built from a recipe."""

import time
from dataclasses import dataclass

import keras

from densebench.config import RunConfig
from densebench.models.build import build
from densebench.models.own.keras_models import require_one_device
from densebench.models.own.lookup import load_configured
from densebench.models.variant import ModelVariant
from densebench.recipes import Recipe
from densebench.training.backends.backend import BackendFacts
from densebench.training.optimizers import SGD, Muon


@dataclass(frozen=True, kw_only=True)
class Trainee:
    """A network and the optimizer that has variables for it."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    build_seconds: float


def build_trainee(config: RunConfig, facts: BackendFacts, *, classes: int, image_size: int) -> Trainee:
    """The network of ``config``, its initial weights drawn from the seed, and its optimizer.

    Raises :class:`InputError` if the variant cannot be built so.
    """
    start = time.perf_counter()
    variant = load_configured(config)
    model = build(
        variant,
        classes=classes,
        image_size=image_size,
        weight_decay=config.recipe.weight_decay if config.recipe.optimizer == "sgd" else 0.0,
        seed=config.seed,
        implementation=facts.implementation,
        recompute=config.recompute,
    )
    if isinstance(variant, ModelVariant) and config.replicas > 1:
        require_one_device(model, variant.name)
    optimizer = _build_optimizer(config.recipe, config.precision, model)
    return Trainee(model=model, optimizer=optimizer, build_seconds=time.perf_counter() - start)


def _build_optimizer(recipe: Recipe, precision: str, model: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer, its variables made, so that a step traced later makes none; float16 gets a dynamic loss scale."""
    rate, momentum, nesterov = recipe.learning_rate, recipe.momentum, recipe.nesterov
    if recipe.optimizer == "muon":
        optimizer = Muon(rate, momentum=momentum, nesterov=nesterov, kernel_decay=recipe.weight_decay)
    else:
        optimizer = SGD(rate, momentum=momentum, nesterov=nesterov, name="sgd")
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    optimizer.build(model.trainable_variables)
    return optimizer
