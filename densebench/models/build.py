"""Builds a variant as a ``keras.Model``: the one place that chooses between the implementations."""

import keras

from densebench.config import refuse_recompute
from densebench.errors import unknown
from densebench.models.fast.network import build_fast
from densebench.models.keras_layers import build_plain
from densebench.models.own.keras_models import build_model
from densebench.models.variant import AnyVariant, ModelVariant, refuse_fast
from densebench.models.variants import check_request

_IMPLEMENTATIONS = ("plain", "fast")


def build(
    variant: AnyVariant,
    *,
    classes: int,
    image_size: int,
    weight_decay: float,
    seed: int,
    implementation: str = "plain",
    recompute: bool = False,
) -> keras.Model:
    """Model from float32 images (batch, height, width, 3), standardised, to float32 logits (batch, classes).

    Both implementations have the same variables under the same names, and the same initial values on every backend.
    Only the plain model holds ``weight_decay``, as a regularizer; the training step adds its gradient by itself. A
    network that is known only as a ``keras.Model`` is plain, and has variables and initial values of its own.
    Raises :class:`InputError` for a request that the network or the implementation cannot serve.
    """
    check_request(variant, classes=classes, image_size=image_size)
    if implementation not in _IMPLEMENTATIONS:
        raise unknown("implementation", implementation, _IMPLEMENTATIONS)
    if isinstance(variant, ModelVariant):
        if implementation == "fast" or recompute:
            raise refuse_fast(variant)
        return build_model(variant, classes=classes, image_size=image_size, seed=seed)
    if implementation == "fast":
        return build_fast(variant, classes=classes, image_size=image_size, seed=seed, recompute=recompute)
    if recompute:
        raise refuse_recompute()
    return build_plain(variant, classes=classes, image_size=image_size, weight_decay=weight_decay, seed=seed)


def name_variable(path: str) -> str:
    """Layer and variable of a variable's path: the implementations put them at different depths."""
    return "/".join(path.split("/")[-2:])
