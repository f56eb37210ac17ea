"""Networks by the names that commands take, and whether they fit the dataset that they will be trained on."""

import dataclasses
from collections.abc import Sequence

from densebench.config import RunConfig
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models import variants
from densebench.models.cost import Cost
from densebench.models.own.checking import count_variant
from densebench.models.own.lookup import load
from densebench.models.variant import AnyVariant, ModelVariant, refuse_fast
from densebench.planning.model_counting import count_apart
from densebench.recipes import Recipe, describe_large_cutout

# Names that stand for several variants.
_GROUPS = {"all": tuple(variants.VARIANTS), "blog": variants.BLOG_VARIANTS}


def expand_variants(names: Sequence[str]) -> list[AnyVariant]:
    """The networks that are meant, each once; raises :class:`InputError` for a name that means none."""
    found = (load(each) for name in names for each in _GROUPS.get(name, (name,)))
    return list({(one.name, one.sha256): one for one in found}.values())


def choose_network(config: RunConfig, variant: AnyVariant) -> RunConfig:
    """The configuration with this network; raises :class:`InputError` where it cannot be trained so."""
    if isinstance(variant, ModelVariant):
        if config.implementation == "fast" or config.recompute:
            raise refuse_fast(variant)
        config = dataclasses.replace(config, implementation="plain")
    return dataclasses.replace(config, variant=variant.name, variant_file=variant.file, variant_sha256=variant.sha256)


def count_network(variant: AnyVariant, *, classes: int, image_size: int, backend: str | None = None) -> Cost:
    """What a network counts; raises :class:`InputError` for a request that it cannot serve, or for wrong code.

    One that is known only as a ``keras.Model`` is built for it in another process, on ``backend`` if it is the user's.
    """
    variants.check_request(variant, classes=classes, image_size=image_size)
    if isinstance(variant, ModelVariant):
        on = None if variant.file is None else backend
        return count_apart(variant, classes=classes, image_size=image_size, backend=on)
    return count_variant(variant, classes=classes, image_size=image_size)


def count_on(variant: AnyVariant, facts: DatasetFacts, *, backend: str | None = None) -> Cost:
    """What a variant counts on the images of a dataset; on CIFAR-10's where only loading tells their size or classes.

    Raises :class:`InputError` for images that the network cannot take.
    """
    return count_network(variant, classes=facts.classes or 10, image_size=facts.image_size or 32, backend=backend)


def require_fitting_recipe(recipe: Recipe, facts: DatasetFacts) -> None:
    """Raise :class:`InputError` for a batch of more images than there are, or a cutout larger than they are."""
    batch_size, images, side = recipe.batch_size, facts.train_images, facts.image_size
    if side is not None and recipe.cutout > side:
        raise InputError(describe_large_cutout(recipe, side))
    if images is not None and batch_size > images:
        raise InputError(
            f"--batch-size {batch_size} is more than the {images} training images of {facts.name}: take a smaller one."
        )
