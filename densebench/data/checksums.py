"""SHA-256 of a file, and of the images that a run used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from densebench.data.images import Images


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_images(parts: tuple[Images | None, ...]) -> str:
    """SHA-256 of the shapes, pixels and labels of train, validation and test; an absent part counts as such."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(None if part is None else part.pixels.shape).encode())
        if part is not None:
            digest.update(part.pixels.data)
            digest.update(part.labels.astype("<i4").data)
    return digest.hexdigest()
