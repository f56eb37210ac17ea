"""The table of dataset names: what is known of each without loading it, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from densebench.config import DATASETS, DataConfig
from densebench.data import digits, synthetic
from densebench.data.archives import loader as archives
from densebench.data.archives.catalogue import PUBLISHED
from densebench.data.archives.finding import are_available
from densebench.data.checks import (
    describe_decoding,
    find_lost_classes,
    refuse_bad_images,
    refuse_equal_images,
    refuse_lost_class,
    refuse_lost_validation,
    refuse_one_class,
)
from densebench.data.checksums import hash_images
from densebench.data.cifar import loader as cifar
from densebench.data.cifar.finding import look_for
from densebench.data.folder import loader as folder
from densebench.data.images import (
    BadFile,
    Dataset,
    DatasetFacts,
    Decoded,
    Images,
    OnProgress,
    PerChannel,
    Source,
    Split,
    Treatment,
    ignore_progress,
)
from densebench.data.keyed_random import derive_key
from densebench.data.package.loader import find_offered
from densebench.data.pixel_statistics import compute_mean_and_deviation
from densebench.data.resizing import check_memory
from densebench.data.selection import hold_out, take_first_of_each_class
from densebench.errors import DatasetError, InputError, unknown
from densebench.plugins.offers import list_offers

if TYPE_CHECKING:
    from densebench.data.images import Indices

_VALIDATION_STREAM = derive_key(0x7A11DA7E)


@dataclass(frozen=True)
class _Known:
    """One dataset: its facts before any limit, and its images, given the facts of what is wanted."""

    describe: Callable[[], DatasetFacts]
    load: Callable[[DatasetFacts, OnProgress], Source]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """The images of a split, the files that cannot be used, and what was done to the others."""

    images: Images
    bad: tuple[BadFile, ...]
    lost: tuple[int, ...]  # classes without an image left
    treatment: Treatment


def describe(config: DataConfig) -> DatasetFacts:
    """Sizes and counts as they will be used, without loading; raises :class:`InputError` for what is not available."""
    return _describe(config, _find(config))


def _describe(config: DataConfig, known: _Known) -> DatasetFacts:
    whole = known.describe()
    _check(config, whole)
    train = whole.train_images
    return replace(
        whole,
        image_size=config.image_size or whole.image_size,
        train_images=None if train is None else min(train - config.validation, config.train_limit or train),
        validation_images=whole.validation_images or config.validation,
        test_images=config.test_limit or whole.test_images,
    )


def describe_absent(data_dir: str | None) -> list[str]:
    """A sentence for each dataset that would have to be downloaded first, or why none can be."""
    try:
        absent = [name for name, edition in cifar.EDITIONS.items() if look_for(edition, data_dir) is None]
        absent += [name for name, dataset in PUBLISHED.items() if not are_available(dataset, data_dir)]
    except DatasetError as error:
        return [str(error)]
    return [f"Dataset {name} is not on this machine yet." for name in absent]


def load(config: DataConfig, on_progress: OnProgress = ignore_progress) -> Dataset:
    """The images that ``config`` asks for; raises :class:`InputError` or its child ``DatasetError``."""
    known = _find(config)
    wanted = _describe(config, known)
    _check_memory(wanted)
    source = known.load(wanted, on_progress)
    train, validation, test = _read_parts(config, source)
    bad = _check_bad_images(config, source, train, validation, test)
    if not source.random_labels:
        refuse_equal_images(source.class_names, train.images, test.images)
        refuse_one_class(source.class_names, train.images)
    mean, deviation = _choose_standardisation(source, train.images)
    treatments = [part.treatment for part in (train, validation, test) if part is not None]
    used = (train.images, None if validation is None else validation.images, test.images)
    return Dataset(
        name=source.name,
        train=used[0],
        validation=used[1],
        test=used[2],
        class_names=source.class_names,
        image_size=train.images.pixels.shape[1],
        mean=mean,
        deviation=deviation,
        flip_allowed=source.flip_allowed,
        random_labels=source.random_labels,
        warnings=(*source.warnings, *describe_decoding(bad, treatments)),
        sha256=hash_images(used),
    )


def _find(config: DataConfig) -> _Known:
    """Raises :class:`InputError` for a name that no dataset has."""
    name = config.dataset
    if name in cifar.EDITIONS:
        edition = cifar.EDITIONS[name]
        return _Known(lambda: cifar.describe(edition, config), lambda _, say: cifar.load_source(edition, config, say))
    if name in PUBLISHED:
        archive = PUBLISHED[name]
        return _Known(lambda: archives.describe(archive), lambda _, say: archives.load_source(archive, config, say))
    if name == "digits":
        return _Known(digits.describe, lambda wanted, _: digits.load_source(wanted.image_size or digits.IMAGE_SIZE))
    if name == "synthetic":
        return _Known(lambda: synthetic.describe(config), lambda *_: synthetic.load_source(config))
    if name.startswith(folder.PREFIX):
        return _Known(lambda: folder.describe(config), lambda _, say: folder.load_source(config, say))
    offered = find_offered(name)
    if offered is None:
        raise unknown("dataset", name, (*DATASETS, *list_offers("datasets"), "folder:PATH"))
    return _Known(lambda: offered.describe(config), lambda _, say: offered.load_source(config, say))


def _check(config: DataConfig, whole: DatasetFacts) -> None:
    """Raise :class:`InputError` for a request that the dataset cannot meet."""
    if config.test_fraction is not None and not whole.takes_test_fraction:
        where = "" if config.data_dir is None else f", as no copy without one was found in {config.data_dir!r}"
        raise InputError(
            "--test-fraction is for images without a test split of their own, those of a folder or of Kaggle; "
            f"{whole.name} has one{where}: leave it out."
        )
    if config.classes is not None and whole.classes not in (None, config.classes):
        raise InputError(f"--classes {config.classes} does not fit {whole.name}, which has {whole.classes} classes.")
    if config.validation and whole.validation_images:
        raise InputError(
            f"--validation {config.validation} does not fit {whole.name}, which has its own "
            f"{whole.validation_images:,} validation images: leave it out."
        )
    train = whole.train_images
    if train is not None and config.validation >= train:
        raise InputError(
            f"--validation {config.validation} leaves nothing to train on: {whole.name} has {train:,} training images."
        )
    left = None if train is None else train - config.validation
    for option, asked, there, kind in (
        ("--train-limit", config.train_limit, left, "training"),
        ("--test-limit", config.test_limit, whole.test_images, "test"),
    ):
        if asked is not None and there is not None and asked > there:
            besides = " besides those held out" if kind == "training" and config.validation else ""
            raise InputError(
                f"{option} {asked} asks for more than the {there:,} {kind} images of {whole.name}{besides}."
            )


def _check_memory(wanted: DatasetFacts) -> None:
    """Raise :class:`InputError` before anything is loaded, rather than after a part was."""
    images = (wanted.train_images, wanted.validation_images, wanted.test_images)
    check_memory(sum(number or 0 for number in images), wanted.image_size or 0)


def _split_train(config: DataConfig, source: Source) -> tuple[Indices, Indices]:
    """Indices into train. Validation is taken first, so that it is the same under every ``--train-limit``."""
    kept, held_out = hold_out(source.train.labels, config.validation, _VALIDATION_STREAM)
    if config.train_limit is None:
        return kept, held_out
    return kept[take_first_of_each_class(source.train.labels[kept], config.train_limit)], held_out


def _choose_within(split: Split, limit: int | None) -> Indices:
    return take_first_of_each_class(split.labels, len(split.labels) if limit is None else limit)


def _read_parts(config: DataConfig, source: Source) -> tuple[_Part, _Part | None, _Part]:
    """Train, validation and test."""
    chosen, held_out = _split_train(config, source)
    train = _read_images(source.train, chosen)
    validation = None
    if source.validation is not None:
        validation = _read_images(source.validation, _choose_within(source.validation, None))
    elif config.validation:
        validation = _read_images(source.train, held_out)
    return train, validation, _read_images(source.test, _choose_within(source.test, config.test_limit))


def _read_images(split: Split, chosen: Indices) -> _Part:
    read, labels = split.read(chosen), split.labels[chosen]
    if not isinstance(read, Decoded):
        return _Part(images=Images(pixels=read, labels=labels), bad=(), lost=(), treatment=Treatment())
    kept = labels[read.kept]
    return _Part(
        images=Images(pixels=read.pixels, labels=kept),
        bad=read.bad,
        lost=find_lost_classes(labels, kept),
        treatment=read.treatment,
    )


def _check_bad_images(
    config: DataConfig, source: Source, train: _Part, validation: _Part | None, test: _Part
) -> list[BadFile]:
    """The files that are left out; raises :class:`DatasetError` if they may not be."""
    bad = [file for part in (train, validation, test) if part is not None for file in part.bad]
    if bad and not config.skip_bad_images:
        refuse_bad_images(bad)
    for split, part in (("training", train), ("test", test)):
        if part.lost:
            refuse_lost_class(split, source.class_names[part.lost[0]], part.bad[0])
    if validation is not None and validation.bad and not len(validation.images.labels):
        refuse_lost_validation(validation.bad)
    return bad


def _choose_standardisation(source: Source, train: Images) -> tuple[PerChannel, PerChannel]:
    if source.mean is not None and source.deviation is not None:
        return source.mean, source.deviation
    return compute_mean_and_deviation(train.pixels)
