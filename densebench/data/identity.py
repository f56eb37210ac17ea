"""What identifies the data of a run: class names, mean and deviation, and a hash of each split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from densebench.data.checksums import hash_images
from densebench.data.images import Dataset, Images, PerChannel

_MAX_NAMED = 3  # classes in a sentence


@dataclass(frozen=True, kw_only=True)
class SplitIdentity:
    """The number of images of a split, and the SHA-256 of their shape, pixels and labels."""

    images: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DataIdentity:
    """The data that a network was trained and tested on."""

    class_names: tuple[str, ...]  # in the order of the network's outputs
    mean: PerChannel  # on 0..255
    deviation: PerChannel
    train: SplitIdentity
    validation: SplitIdentity | None
    test: SplitIdentity


def identify(dataset: Dataset) -> DataIdentity:
    """The identity of a loaded dataset."""
    return DataIdentity(
        class_names=dataset.class_names,
        mean=dataset.mean,
        deviation=dataset.deviation,
        train=_identify_split(dataset.train),
        validation=None if dataset.validation is None else _identify_split(dataset.validation),
        test=_identify_split(dataset.test),
    )


def parse_identity(values: Mapping[str, Any]) -> DataIdentity:
    """The identity whose fields, as JSON has them, are ``values``.

    Raises ``TypeError``, ``ValueError`` or ``KeyError`` for other values.
    """
    if set(values) != {field.name for field in dataclasses.fields(DataIdentity)}:
        raise ValueError("these are not the fields of a data identity")
    validation = values["validation"]
    return DataIdentity(
        class_names=tuple(_require(name, str) for name in _require(values["class_names"], list)),
        mean=_parse_channels(values["mean"]),
        deviation=_parse_channels(values["deviation"]),
        train=_parse_split(values["train"]),
        validation=None if validation is None else _parse_split(validation),
        test=_parse_split(values["test"]),
    )


def describe_class_changes(then: Sequence[str], now: Sequence[str]) -> str | None:
    """``"class 'cow' became 'aardvark'"``; ``None`` where the classes are the same, in whatever order."""
    gone, new = [name for name in then if name not in now], [name for name in now if name not in then]
    if len(gone) == len(new) == 1:
        return f"class {gone[0]!r} became {new[0]!r}"
    parts = [f"{_name(names)} {word}" for names, word in ((gone, "missing"), (new, "added")) if names]
    return " and ".join(parts) or None


def describe_image_changes(kind: str, then: SplitIdentity | None, now: SplitIdentity | None) -> str | None:
    """``"train images changed (90 -> 80)"``; ``None`` for equal splits. ``kind`` is train, validation or test."""
    if then == now:
        return None
    before, after = (0 if split is None else split.images for split in (then, now))
    if before == after:
        return f"{kind} images changed (still {after:,}, but other pixels or labels)"
    return f"{kind} images changed ({before:,} -> {after:,})"


def list_data_changes(then: DataIdentity, now: DataIdentity) -> list[str]:
    """What differs in classes and images; empty for the same data."""
    classes = describe_class_changes(then.class_names, now.class_names)
    if classes is None and then.class_names != now.class_names:
        classes = "the order of the classes changed"
    images = [
        describe_image_changes("train", then.train, now.train),
        describe_image_changes("validation", then.validation, now.validation),
        describe_image_changes("test", then.test, now.test),
    ]
    # A class that is renamed moves the labels of others: that the images then differ says nothing more.
    if classes is not None:
        images = [change for change in images if change is not None and "still" not in change]
    return [change for change in (classes, *images) if change is not None]


def _identify_split(images: Images) -> SplitIdentity:
    return SplitIdentity(images=len(images.labels), sha256=hash_images((images,)))


def _parse_split(values: Any) -> SplitIdentity:
    return SplitIdentity(images=_require(values["images"], int), sha256=_require(values["sha256"], str))


def _parse_channels(values: Any) -> PerChannel:
    red, green, blue = (_require(value, float) for value in _require(values, list))
    return red, green, blue


def _require(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value


def _name(classes: Sequence[str]) -> str:
    named = ", ".join(repr(name) for name in classes[:_MAX_NAMED])
    more = f" and {len(classes) - _MAX_NAMED} more" if len(classes) > _MAX_NAMED else ""
    return f"{'class' if len(classes) == 1 else 'classes'} {named}{more}"
