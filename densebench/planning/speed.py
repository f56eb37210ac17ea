"""What ``speed`` will measure: every variant with every batch size."""

import dataclasses
from collections.abc import Sequence

from densebench.config import RunConfig, name_variant
from densebench.errors import InputError
from densebench.models.variant import AnyVariant
from densebench.planning.networks import choose_network, count_network, expand_variants
from densebench.planning.options import TrainOptions, configure, list_combinations, name_axes


def plan_speed(options: TrainOptions, batch_sizes: tuple[int, ...], *, inference: bool) -> list[RunConfig]:
    """One measurement for every variant, combination of settings and batch size, in that order, and each once.

    Raises :class:`InputError`.
    """
    if not options.variants:
        raise InputError("No variant was named: say which, or 'all'.")
    if min(batch_sizes) < 1:
        raise InputError(f"--batch-size {min(batch_sizes)} must be at least 1.")
    networks = dict.fromkeys(expand_variants(options.variants))
    varied = [name for name, _ in options.axes]
    settings = list_combinations(options)
    return [
        _plan_one(one, network, size, inference, varied)
        for network in networks
        for one in settings
        for size in dict.fromkeys(batch_sizes)
    ]


def _plan_one(
    options: TrainOptions, network: AnyVariant, batch_size: int, inference: bool, varied: Sequence[str]
) -> RunConfig:
    """``varied`` are the settings in which the measurements differ: each is in the name."""
    options = dataclasses.replace(options, dataset="synthetic", batch_size=batch_size, train_limit=batch_size)
    config = choose_network(configure(options, variant=network.name, run="x"), network)
    kind = "inference" if inference else "speed"
    others = name_axes(config, [axis for axis in varied if axis != "backend"])
    parts = [name_variant(network.name), kind, f"b{batch_size}", config.backend, *others]
    classes, image_size = config.data.classes or 10, config.data.image_size or 32
    count_network(network, classes=classes, image_size=image_size, backend=config.backend)  # raises where it cannot be
    return dataclasses.replace(config, run="-".join(parts))
