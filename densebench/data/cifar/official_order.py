"""Whether images are those of the official archive, and their official order, by the checksums of its members."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from densebench.data.cifar.editions import Edition, Member
from densebench.data.cifar.records import encode_records
from densebench.data.images import Images

if TYPE_CHECKING:
    from densebench.data.images import Indices


def arrange_officially(edition: Edition, members: Sequence[Member], images: Images) -> Images | None:
    """The images in the order of the binary archive's ``members``, whose number they have; else ``None``.

    Written as records, they must be the members, in whatever order: each has its published SHA-256. Hugging Face, for
    one, has CIFAR-10's five training batches in the order 4, 3, 2, 5, 1 of the Python archive.
    """
    import numpy as np

    size = len(images.labels) // len(members)
    batches = {_hash(edition, images, begin, begin + size): begin for begin in range(0, len(images.labels), size)}
    begins = [batches.get(member.checksum) for member in members]
    if any(begin is None for begin in begins):
        return None
    order: Indices = np.concatenate([np.arange(begin, begin + size) for begin in begins if begin is not None])
    if (order[1:] > order[:-1]).all():
        return images
    return Images(pixels=images.pixels[order], labels=images.labels[order])


def _hash(edition: Edition, images: Images, begin: int, end: int) -> str:
    batch = Images(pixels=images.pixels[begin:end], labels=images.labels[begin:end])
    return hashlib.sha256(encode_records(batch, edition)).hexdigest()
