"""How images are prepared for a network: what ``--preprocess`` says, and the words for it beside the figures."""

import math
from dataclasses import dataclass

from densebench.data.images import Dataset, PerChannel
from densebench.errors import InputError

_STANDARDISE = "standardise"


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """(pixel - mean) / deviation, of pixels from 0 to 255, and how that is called."""

    mean: PerChannel
    deviation: PerChannel
    described: str


_NAMED = {
    "zero-one": Preparation(mean=(0.0,) * 3, deviation=(255.0,) * 3, described="zero-one: pixel / 255"),
    "minus-one-one": Preparation(
        mean=(127.5,) * 3, deviation=(127.5,) * 3, described="minus-one-one: pixel / 127.5 - 1"
    ),
    "raw": Preparation(mean=(0.0,) * 3, deviation=(1.0,) * 3, described="raw: pixels from 0 to 255"),
}
RAW = _NAMED["raw"]


def standardise(mean: PerChannel, deviation: PerChannel, whose: str) -> Preparation:
    """By these numbers; ``whose`` says where they come from."""
    formula = f"(pixel - {_format(mean)}) / {_format(deviation)}"
    return Preparation(mean=mean, deviation=deviation, described=f"{_STANDARDISE}: {formula}, {whose}")


def standardise_by_data(dataset: Dataset) -> Preparation:
    """By the mean and deviation of the data themselves."""
    return standardise(dataset.mean, dataset.deviation, f"of the training images of {dataset.name}")


def parse_preparation(text: str) -> Preparation | None:
    """What ``--preprocess`` asks for; ``None`` for the mean and deviation of the data.

    Raises :class:`InputError`. Numbers that are all at most 1 are those of images from 0 to 1, as PyTorch has them.
    """
    if text == _STANDARDISE:
        return None
    if text in _NAMED:
        return _NAMED[text]
    first, slash, second = text.partition("/")
    mean, deviation = _parse_channels(first), _parse_channels(second)
    if not slash or mean is None or deviation is None or min(deviation) <= 0:
        raise InputError(
            f"--preprocess {text!r} cannot be read: give {_STANDARDISE}, {', '.join(_NAMED)} or MEAN/DEVIATION, each "
            "one number or three with commas, such as 125.3,123.0,113.9/63.0,62.1,66.7."
        )
    if (mean, deviation) == ((0.0,) * 3, (1.0,) * 3):
        raise InputError(f"--preprocess {text} can mean pixels from 0 to 255 or from 0 to 1: give raw or zero-one.")
    if max(map(abs, (*mean, *deviation))) <= 1:
        mean, deviation = _scale(mean), _scale(deviation)
    return standardise(mean, deviation, "as given with --preprocess")


def _parse_channels(text: str) -> PerChannel | None:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(numbers) not in (1, 3) or not all(map(math.isfinite, numbers)):
        return None
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def _scale(numbers: PerChannel) -> PerChannel:
    red, green, blue = (255 * number for number in numbers)
    return red, green, blue


def _format(numbers: PerChannel) -> str:
    return f"({', '.join(f'{number:.4g}' for number in numbers)})"
