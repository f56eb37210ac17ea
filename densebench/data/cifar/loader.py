"""``cifar10`` and ``cifar100``: the official images, each member of their archives checked against a published sum.

What others have made of them is compared with the same sums; images that differ, or come in another order, are used
with a warning, and ``dataset_sha256`` tells their runs from others.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from densebench.config import DataConfig
from densebench.data.cifar.archive import Place, read_contents
from densebench.data.cifar.editions import CIFAR10, CIFAR100, IMAGE_SIZE, Edition, Member
from densebench.data.cifar.finding import OtherPlace, find_edition, look_for
from densebench.data.cifar.forms.copies import count_images
from densebench.data.cifar.official_order import arrange_officially
from densebench.data.cifar.records import read_class_names, read_images
from densebench.data.images import DatasetFacts, Images, OnProgress, PerChannel, Source, Split
from densebench.data.keyed_random import derive_key
from densebench.data.resizing import allocate_pixels, resize
from densebench.data.selection import hold_out
from densebench.errors import InputError

if TYPE_CHECKING:
    from densebench.data.images import Indices, Pixels

EDITIONS = {edition.name: edition for edition in (CIFAR10, CIFAR100)}
# The constants of the blog series. Those of CIFAR-100 are computed from its images.
_BLOG_MEAN: PerChannel = (125.307, 122.95, 113.865)
_BLOG_DEVIATION: PerChannel = (62.9932, 62.0887, 66.7048)
_TEST_STREAM = derive_key(0xC1FA2)


def describe(edition: Edition, config: DataConfig) -> DatasetFacts:
    """What is known without reading the images.

    Raises :class:`InputError` for a form without test images where ``config`` does not say how many to draw.
    """
    counts = count_images(edition)
    facts = DatasetFacts(
        name=edition.name,
        classes=edition.classes,
        image_size=IMAGE_SIZE,
        train_images=counts["train"],
        validation_images=0,
        test_images=counts["test"],
    )
    place = None if config.data_dir is None else look_for(edition, config.data_dir)
    if not isinstance(place, OtherPlace) or place.form.has_test:
        return facts
    test = _count_drawn(edition, place, config)
    return replace(facts, train_images=counts["train"] - test, test_images=test, takes_test_fraction=True)


def load_source(edition: Edition, config: DataConfig, on_progress: OnProgress) -> Source:
    """All images, found in the cache or ``config.data_dir``, or downloaded."""
    place = find_edition(edition, data_dir=config.data_dir, offline=config.offline, on_progress=on_progress)
    if isinstance(place, OtherPlace):
        return _load_copy(edition, place, config, on_progress)
    train, test = _allocate(place.archive.train), _allocate(place.archive.test)
    names = _fill(edition, place, train, test, on_progress)
    source = _make_source(edition, _make_split(train, config.image_size), _make_split(test, config.image_size))
    return replace(source, class_names=names)


def _load_copy(edition: Edition, place: OtherPlace, config: DataConfig, on_progress: OnProgress) -> Source:
    """The images of another form, in the order of the official archive where they are its own."""
    copy = place.form.read(edition, place.path, on_progress)
    train, is_official = _arrange(edition, edition.binary.train, copy.train)
    if copy.test is None:
        count = _count_drawn(edition, place, config)
        kept, drawn = hold_out(train.labels, count, _TEST_STREAM)
        splits = [_make_split(train, config.image_size, members) for members in (kept, drawn)]
        warnings = [f"test images of {edition.title} drawn from its training images: {count:,}"]
    else:
        test, is_official_too = _arrange(edition, edition.binary.test, copy.test)
        is_official = is_official and is_official_too
        splits, warnings = [_make_split(images, config.image_size) for images in (train, test)], []
    if not is_official:
        name = os.path.basename(os.path.abspath(place.path))
        warnings.append(f"{place.form.title} in {name!r} are not the official images of {edition.title} in their order")
    return replace(_make_source(edition, *splits), warnings=tuple(warnings))


def _arrange(edition: Edition, members: Sequence[Member], images: Images) -> tuple[Images, bool]:
    """The images, in the official order if they are the official ones, and whether they are."""
    arranged = arrange_officially(edition, members, images)
    return (images, False) if arranged is None else (arranged, True)


def _count_drawn(edition: Edition, place: OtherPlace, config: DataConfig) -> int:
    """How many training images become test images."""
    train = count_images(edition)["train"]
    if config.test_fraction is None:
        raise InputError(
            f"{place.form.title} in {str(place.path)!r} have no labels of the test images of {edition.title}: give "
            f"--test-fraction 0.2 to test on a part of the {train:,} training images, or add {edition.binary.file}."
        )
    count = round(config.test_fraction * train)
    if not 0 < count < train:
        raise InputError(
            f"--test-fraction {config.test_fraction} of the {train:,} training images of {edition.title} leaves none "
            f"for {'test' if count == 0 else 'train'}: choose another."
        )
    return count


def _make_source(edition: Edition, train: Split, test: Split) -> Source:
    is_blog = edition.name == CIFAR10.name
    return Source(
        name=edition.name,
        train=train,
        test=test,
        class_names=edition.class_names,
        mean=_BLOG_MEAN if is_blog else None,
        deviation=_BLOG_DEVIATION if is_blog else None,
    )


def _fill(edition: Edition, place: Place, train: Images, test: Images, on_progress: OnProgress) -> tuple[str, ...]:
    """Read every member into its slot of ``train`` or ``test``; the class names."""
    archive = place.archive
    slots = _make_slots(archive.train, train) | _make_slots(archive.test, test)
    done, total = 0, len(train.labels) + len(test.labels)
    names: tuple[str, ...] = ()
    for content in read_contents(place):
        if content.name == archive.names.name:
            names = read_class_names(content, edition, archive)
            continue
        slot = slots[content.name]
        found = read_images(content, len(slot.labels), edition, archive)
        slot.pixels[:], slot.labels[:] = found.pixels, found.labels
        done += len(slot.labels)
        on_progress(f"Reading {edition.title}", done, total)
    return names


def _allocate(members: Sequence[Member]) -> Images:
    import numpy as np

    images = sum(member.images for member in members)
    return Images(pixels=allocate_pixels(images, IMAGE_SIZE), labels=np.empty(images, np.int32))


def _make_slots(members: Sequence[Member], whole: Images) -> dict[str, Images]:
    slots, begin = {}, 0
    for member in members:
        end = begin + member.images
        slots[member.name] = Images(pixels=whole.pixels[begin:end], labels=whole.labels[begin:end])
        begin = end
    return slots


def _make_split(whole: Images, image_size: int | None, members: Indices | None = None) -> Split:
    """All images of ``whole``, or its ``members``."""

    def read(chosen: Indices) -> Pixels:
        indices = chosen if members is None else members[chosen]
        everything = len(indices) == len(whole.labels)
        return resize(whole.pixels if everything else whole.pixels[indices], image_size or IMAGE_SIZE)

    return Split(labels=whole.labels if members is None else whole.labels[members], read=read)
