"""Networks by the names that commands take, and whether they fit the dataset that they will be trained on."""

from collections.abc import Sequence

from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models import cost, variants
from densebench.models.cost import Cost

# Names that stand for several variants.
_GROUPS = {"all": tuple(variants.VARIANTS), "blog": variants.BLOG_VARIANTS}


def expand_variants(names: Sequence[str]) -> list[str]:
    """The variants that are meant, each once; raises :class:`InputError` for a name that means none."""
    found = (each for name in names for each in _GROUPS.get(name) or (variants.find(name).name,))
    return list(dict.fromkeys(found))


def count_on(variant: str, facts: DatasetFacts) -> Cost:
    """What a variant counts on the images of a dataset; on CIFAR-10's where only loading tells their size or classes.

    Raises :class:`InputError` for images that the network cannot take.
    """
    return cost.count(variants.find(variant), classes=facts.classes or 10, image_size=facts.image_size or 32)


def require_full_batch(batch_size: int, facts: DatasetFacts) -> None:
    """Raise :class:`InputError` for a batch of more images than there are."""
    images = facts.train_images
    if images is not None and batch_size > images:
        raise InputError(
            f"--batch-size {batch_size} is more than the {images} training images of {facts.name}: take a smaller one."
        )
