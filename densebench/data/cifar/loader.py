"""``cifar10`` and ``cifar100``: the official images and no others, each member checked against a published sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.config import DataConfig
from densebench.data.cifar.archive import Place, find_archive, read_contents
from densebench.data.cifar.editions import CIFAR10, CIFAR100, IMAGE_SIZE, Edition, Member
from densebench.data.cifar.records import read_class_names, read_images
from densebench.data.images import DatasetFacts, Images, OnProgress, PerChannel, Source, Split
from densebench.data.resizing import allocate_pixels, resize

if TYPE_CHECKING:
    from densebench.data.images import Indices, Pixels

EDITIONS = {edition.name: edition for edition in (CIFAR10, CIFAR100)}
# The constants of the blog series. Those of CIFAR-100 are computed from its images.
_BLOG_MEAN: PerChannel = (125.307, 122.95, 113.865)
_BLOG_DEVIATION: PerChannel = (62.9932, 62.0887, 66.7048)


def describe(edition: Edition) -> DatasetFacts:
    """What is known without the archive."""
    return DatasetFacts(
        name=edition.name,
        classes=edition.classes,
        image_size=IMAGE_SIZE,
        train_images=_count_images(edition.binary.train),
        validation_images=0,
        test_images=_count_images(edition.binary.test),
    )


def load_source(edition: Edition, config: DataConfig, on_progress: OnProgress) -> Source:
    """All images, found in the cache or ``config.data_dir``, or downloaded."""
    place = find_archive(edition, data_dir=config.data_dir, offline=config.offline, on_progress=on_progress)
    train, test = _allocate(place.archive.train), _allocate(place.archive.test)
    names = _fill(edition, place, train, test, on_progress)
    blog = edition.name == CIFAR10.name
    return Source(
        name=edition.name,
        train=_make_split(train, config.image_size),
        test=_make_split(test, config.image_size),
        class_names=names,
        mean=_BLOG_MEAN if blog else None,
        deviation=_BLOG_DEVIATION if blog else None,
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

    images = _count_images(members)
    return Images(pixels=allocate_pixels(images, IMAGE_SIZE), labels=np.empty(images, np.int32))


def _make_slots(members: Sequence[Member], whole: Images) -> dict[str, Images]:
    slots, begin = {}, 0
    for member in members:
        end = begin + member.images
        slots[member.name] = Images(pixels=whole.pixels[begin:end], labels=whole.labels[begin:end])
        begin = end
    return slots


def _make_split(whole: Images, image_size: int | None) -> Split:
    def read(chosen: Indices) -> Pixels:
        everything = len(chosen) == len(whole.labels)
        return resize(whole.pixels if everything else whole.pixels[chosen], image_size or IMAGE_SIZE)

    return Split(labels=whole.labels, read=read)


def _count_images(members: Sequence[Member]) -> int:
    return sum(member.images for member in members)
