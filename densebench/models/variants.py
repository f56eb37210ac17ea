"""Variants: the table of names, which says what ``densebench train 169x32`` trains. A new network gets a row here."""

import re

from densebench.errors import InputError, unknown
from densebench.models.densenet import densenet, densenet_bc
from densebench.models.googlenet import googlenet
from densebench.models.resnet import (
    bottleneck_resnet,
    imagenet_preactivation_resnet,
    imagenet_resnet,
    preactivation_resnet,
    resnet,
    series_resnet,
    series_resnet_c,
    wide_resnet,
)
from densebench.models.variant import AnyVariant, Variant

_SERIES = "the blog series on CIFAR-10 in Keras"
_DENSENET = "Huang et al., arXiv:1608.06993"
_RESNET = "He et al. 2015, arXiv:1512.03385"
_PREACTIVATION = "He et al. 2016, arXiv:1603.05027"
_WIDE = "Zagoruyko and Komodakis, arXiv:1605.07146"
_STEM = "with a 3x3 stem for small images"
_INCEPTION = "the comments under the blog series, after Szegedy et al., arXiv:1409.4842"

_SMALLEST_IMAGE = 8  # pixels: the deepest networks halve it three times
_FEWEST_CLASSES = 2
_GREATEST_DEPTH = 1000
_GREATEST_GROWTH_RATE = 512


def _make_densenet_bc(
    depth: int, growth_rate: int, *, blocks: tuple[int, ...] = (), source: str = _DENSENET
) -> Variant:
    """Without ``blocks``, three equal ones: every bottleneck is two layers, and stem, transitions and head are four."""
    layers = blocks or ((depth - 4) // 6,) * 3
    return Variant(
        name=f"{depth}x{growth_rate}",
        family="densenet-bc",
        depth=depth,
        growth_rate=growth_rate,
        build=lambda nn, image, classes: densenet_bc(
            nn, image, blocks=layers, growth_rate=growth_rate, classes=classes
        ),
        source=source,
    )


def _make_densenet(depth: int, growth_rate: int) -> Variant:
    layers = ((depth - 4) // 3,) * 3
    return Variant(
        name=f"densenet-{depth}x{growth_rate}",
        family="densenet",
        depth=depth,
        growth_rate=growth_rate,
        build=lambda nn, image, classes: densenet(nn, image, blocks=layers, growth_rate=growth_rate, classes=classes),
        source=_DENSENET,
    )


def _make_resnet(depth: int) -> Variant:
    units = (depth - 2) // 6
    return Variant(
        name=f"resnet{depth}",
        family="resnet",
        depth=depth,
        build=lambda nn, image, classes: resnet(nn, image, units=units, classes=classes),
        source=_RESNET,
    )


def _make_preactivation_resnet(depth: int) -> Variant:
    units = (depth - 2) // 6
    return Variant(
        name=f"preresnet{depth}",
        family="preresnet",
        depth=depth,
        build=lambda nn, image, classes: preactivation_resnet(nn, image, units=units, classes=classes),
        source=_PREACTIVATION,
    )


def _make_imagenet_resnet(depth: int, stages: tuple[int, ...], *, bottlenecks: bool = False) -> Variant:
    return Variant(
        name=f"resnet{depth}",
        family="resnet",
        depth=depth,
        build=lambda nn, image, classes: imagenet_resnet(
            nn, image, stages=stages, bottlenecks=bottlenecks, classes=classes
        ),
        source=f"{_RESNET}, {_STEM}",
    )


def _make_wide_resnet(depth: int, factor: int) -> Variant:
    units = (depth - 4) // 6
    return Variant(
        name=f"wrn{depth}x{factor}",
        family="wrn",
        depth=depth,
        build=lambda nn, image, classes: wide_resnet(nn, image, units=units, factor=factor, classes=classes),
        source=_WIDE,
    )


_SERIES_NETWORKS = (
    _make_densenet_bc(100, 12, source=_SERIES),
    _make_densenet_bc(100, 24, source=_SERIES),
    _make_densenet_bc(121, 32, blocks=(6, 12, 24, 16), source=_SERIES),
    _make_densenet_bc(169, 32, blocks=(6, 12, 32, 32), source=_SERIES),
    _make_densenet_bc(201, 32, blocks=(6, 12, 48, 32), source=_SERIES),
    _make_densenet_bc(161, 48, blocks=(6, 12, 36, 24), source=_SERIES),
    Variant(
        name="resnet_32_c",
        family="resnet",
        depth=32,
        build=lambda nn, image, classes: series_resnet_c(nn, image, units=5, classes=classes),
        source=_SERIES,
    ),
)
BLOG_VARIANTS = tuple(variant.name for variant in _SERIES_NETWORKS)

VARIANTS = {
    variant.name: variant
    for variant in (
        *_SERIES_NETWORKS,
        *(_make_densenet_bc(40, growth_rate) for growth_rate in (12, 36, 48, 60)),
        _make_densenet_bc(160, 24),
        _make_densenet_bc(190, 40),
        _make_densenet_bc(250, 24),
        _make_densenet(40, 12),
        _make_densenet(100, 12),
        _make_densenet(100, 24),
        *(_make_resnet(depth) for depth in (20, 32, 44, 56, 110)),
        Variant(
            name="resnet_32",
            family="preresnet",
            depth=32,
            build=lambda nn, image, classes: series_resnet(nn, image, units=5, classes=classes),
            source=_SERIES,
        ),
        _make_imagenet_resnet(18, (2, 2, 2, 2)),
        _make_imagenet_resnet(34, (3, 4, 6, 3)),
        _make_imagenet_resnet(50, (3, 4, 6, 3), bottlenecks=True),
        *(_make_preactivation_resnet(depth) for depth in (20, 32, 44, 56, 110)),
        Variant(
            name="preresnet164",
            family="preresnet",
            depth=164,
            build=lambda nn, image, classes: bottleneck_resnet(nn, image, units=18, classes=classes),
            source=_PREACTIVATION,
        ),
        Variant(
            name="preresnet18",
            family="preresnet",
            depth=18,
            build=lambda nn, image, classes: imagenet_preactivation_resnet(
                nn, image, stages=(2, 2, 2, 2), classes=classes
            ),
            source=f"{_PREACTIVATION}, {_STEM}",
        ),
        *(_make_wide_resnet(depth, factor) for depth, factor in ((16, 8), (28, 2), (28, 10), (40, 4))),
        Variant(
            name="googlenet",
            family="googlenet",
            depth=8,
            build=lambda nn, image, classes: googlenet(nn, image, classes=classes),
            source=_INCEPTION,
        ),
    )
}

# The names of the paper's networks for ImageNet, which have the same blocks under another stem.
_ALIASES = {
    "densenet121": "121x32",
    "densenet169": "169x32",
    "densenet201": "201x32",
    "densenet161": "161x48",
}


def find(name: str) -> Variant:
    """The variant of a name; raises :class:`InputError` for a name that means none.

    ``LxK`` may be any DenseNet-BC of three equal blocks. The case of letters does not matter, the blog series'
    multiplication sign is an x, and ``densenet-bc-`` may stand before it. ``densenet121`` means ``121x32``.
    """
    plain = name.strip().lower().replace("\N{MULTIPLICATION SIGN}", "x")
    numbers = re.fullmatch(r"(?:densenet[-_]bc[-_])?([0-9]{1,12})x([0-9]{1,12})", plain)
    canonical = f"{int(numbers[1])}x{int(numbers[2])}" if numbers else resolve_alias(plain) or plain
    if canonical in VARIANTS:
        return VARIANTS[canonical]
    if numbers:
        return _make_three_blocks(name, int(numbers[1]), int(numbers[2]))
    if re.fullmatch(r"densenet_[0-9]+x[0-9]+", plain):
        raise _explain_ambiguity(name, plain.removeprefix("densenet_"))
    raise unknown("variant", name, (*VARIANTS, *_ALIASES))


def resolve_alias(name: str) -> str | None:
    """``121x32`` of ``DenseNet-121``; None of a name that is not another library's."""
    return _ALIASES.get(re.sub("[-_]", "", name.strip().lower()))


def explain_alias(name: str) -> str | None:
    """A sentence about a name that other libraries give to a network with another stem; None of any other name."""
    meant = resolve_alias(name)
    return meant and f"{name} is {meant} here, with the stem for small images instead of ImageNet's."


def list_aliases(variant: AnyVariant) -> list[str]:
    """The other names of a variant."""
    return [alias for alias, name in _ALIASES.items() if name == variant.name]


def check_request(variant: AnyVariant, *, classes: int, image_size: int) -> None:
    """Raise :class:`InputError` unless the network can be built for so many classes and pixels.

    How small an image may be for a network that is not densebench's own, only its layers can say.
    """
    if image_size < _SMALLEST_IMAGE and not variant.is_foreign:
        raise InputError(
            f"Images of {image_size}x{image_size} pixels are too small for {variant.name}: "
            f"give --image-size {_SMALLEST_IMAGE} or more."
        )
    if classes < _FEWEST_CLASSES:
        raise InputError(
            f"{variant.name} cannot classify into {classes} classes: give --classes {_FEWEST_CLASSES} or more."
        )


def _make_three_blocks(name: str, depth: int, growth_rate: int) -> Variant:
    near_depth = 4 + 6 * round((min(max(depth, 10), _GREATEST_DEPTH) - 4) / 6)
    near_growth_rate = min(max(growth_rate, 1), _GREATEST_GROWTH_RATE)
    if (depth, growth_rate) != (near_depth, near_growth_rate):
        raise InputError(
            f"Unknown variant {name!r}: in LxK the depth L must be 6n + 4, from 10 to {_GREATEST_DEPTH}, and the "
            f"growth rate K from 1 to {_GREATEST_GROWTH_RATE}; did you mean {near_depth}x{near_growth_rate}?"
        )
    return _make_densenet_bc(depth, growth_rate)


def _explain_ambiguity(name: str, numbers: str) -> InputError:
    return InputError(
        f"Variant {name!r} may mean two networks: give {numbers} for the blog series' DenseNet-BC, "
        f"or densenet-{numbers} for the DenseNet without bottlenecks and compression."
    )
