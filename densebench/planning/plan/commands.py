"""The command line that starts a planned training, ready to copy."""

import dataclasses
import shlex
from collections.abc import Mapping

from densebench.config import RunConfig
from densebench.planning.options import TrainOptions

_DATASET = RunConfig(variant="", run="x").data.dataset
# what a plan decides for each row, what is not typed, and what does not belong to a new run
_ELSEWHERE = ("variants", "seeds", "axes", "batch_size", "precision", "backend", "devices", "command", "dataset", "run")


def write_command(options: TrainOptions, config: RunConfig, *, seeds: str | None, batch_size: int | None) -> str:
    """``densebench train resnet20 --dataset cifar10``: with everything that was given and differs from the default.

    ``seeds`` as ``train`` takes them; ``batch_size`` is that which was asked for; ``None`` means the recipe's.
    """
    usual = RunConfig(variant="x", run="x")
    words = ["densebench", "train", config.typed_variant, "--dataset", options.dataset or _DATASET]
    for name, value in dataclasses.asdict(options).items():
        if name not in _ELSEWHERE and value is not None:
            words += _type(name, value)
    chosen: Mapping[str, object] = {
        "batch_size": batch_size,
        "precision": None if config.precision == usual.precision else config.precision,
        "backend": None if config.backend == usual.backend else config.backend,
        "devices": None if config.devices == usual.devices else config.devices,
        "seeds": seeds,
    }
    for name, value in chosen.items():
        if value is not None:
            words += _type(name, value)
    return shlex.join(words)


def _type(name: str, value: object) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        negative = [f"--no-{name}"] if name == "jit" else []
        return [option] if value else negative
    return [option, str(value)]
