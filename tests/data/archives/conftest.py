"""MNIST, Fashion-MNIST and SVHN in small, in the real formats."""

import dataclasses
import gzip
import hashlib
import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from densebench.data.archives.catalogue import PUBLISHED, File, Part, Published

COUNTS = {"train": 20, "test": 10}


@dataclasses.dataclass(frozen=True)
class Tiny:
    """A dataset with few images, and the bytes of its files by their names; ``write`` puts some into a folder."""

    dataset: Published
    packed: dict[str, bytes]
    unpacked: dict[str, bytes]
    pixels: dict[str, np.ndarray]  # by split, as published
    labels: dict[str, np.ndarray]

    def write(self, folder: Path, *, unpacked: bool = False, only: int | None = None) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        files = self.unpacked if unpacked else self.packed
        for name, data in list(files.items())[:only]:
            (folder / name).write_bytes(data)
        return folder


@pytest.fixture
def make_tiny(monkeypatch) -> Callable[[str], Tiny]:
    """Makes a dataset of the catalogue small, and puts it in the place of the real one."""

    def make(name: str) -> Tiny:
        tiny = build(PUBLISHED[name])
        monkeypatch.setitem(PUBLISHED, name, tiny.dataset)
        return tiny

    return make


@pytest.fixture(params=["mnist", "fashion_mnist", "svhn"])
def tiny(request, make_tiny) -> Tiny:
    return make_tiny(request.param)


def build(dataset: Published) -> Tiny:
    random = np.random.default_rng(len(dataset.name))
    packed, unpacked, pixels, labels, parts = {}, {}, {}, {}, {}
    for split, count in COUNTS.items():
        side, channels = dataset.image_size, () if dataset.form == "idx" else (3,)
        pixels[split] = random.integers(0, 256, (count, side, side, *channels), np.uint8)
        labels[split] = (np.arange(count) % 10).astype(np.uint8)
        make = idx_files if dataset.form == "idx" else matlab_file
        files = []
        for file, data in zip(getattr(dataset, split).files, make(pixels[split], labels[split]), strict=True):
            packed[file.name] = data if file.unpacked is None else gzip.compress(data)
            unpacked[file.unpacked or file.name] = data
            files.append(with_sums(file, packed[file.name], data))
        parts[split] = Part(images=count, files=tuple(files))
    return Tiny(dataclasses.replace(dataset, **parts), packed, unpacked, pixels, labels)


def with_sums(file: File, packed: bytes, unpacked: bytes) -> File:
    return dataclasses.replace(
        file,
        size=len(packed),
        sha256=hashlib.sha256(packed).hexdigest(),
        unpacked_sha256=file.unpacked_sha256 and hashlib.sha256(unpacked).hexdigest(),
    )


def idx_files(pixels: np.ndarray, labels: np.ndarray) -> list[bytes]:
    return [
        bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
        for array in (pixels, labels)
    ]


def matlab_file(pixels: np.ndarray, labels: np.ndarray) -> list[bytes]:
    """As SVHN's: compressed, images last, and 10 for the digit 0."""
    file = io.BytesIO()
    digits = np.where(labels == 0, 10, labels).astype(np.uint8)
    savemat(file, {"X": pixels.transpose(1, 2, 3, 0), "y": digits[:, None]}, do_compression=True)
    return [file.getvalue()]
