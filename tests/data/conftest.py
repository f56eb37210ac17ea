"""What several test files of the datasets need: a private cache, image folders, tiny CIFAR archives."""

import dataclasses
import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from PIL import Image

from densebench.data.cifar.editions import CIFAR10, CIFAR100, Archive, Edition, Member

settings.register_profile("densebench", deadline=None, derandomize=True)
settings.load_profile("densebench")


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the user's own cache."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("DENSEBENCH_DATA", str(cache))
    return cache


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Builds a folder of noise: ``image_folder({"train/cat": 3, "test/cat": 1}, size=8)``."""

    def build(parts: dict[str, int], *, size: int = 8, suffix: str = ".png", name: str = "pictures") -> Path:
        root = tmp_path / name
        for number, (part, count) in enumerate(parts.items()):
            (root / part).mkdir(parents=True, exist_ok=True)
            for index in range(count):
                pixels = np.random.default_rng((number, index)).integers(0, 256, (size, size, 3), np.uint8)
                Image.fromarray(pixels).save(root / part / f"{index:04d}{suffix}")
        return root

    return build


@pytest.fixture
def pack() -> Callable[[dict[str, bytes]], bytes]:
    """Makes a .tar.gz of the given files."""
    return make_tar_gz


@pytest.fixture
def python_2_batch() -> Callable[[np.ndarray, list[int], str], bytes]:
    """Makes the pickle of a batch as Python 2 wrote it."""
    return make_python_2_batch


@dataclasses.dataclass(frozen=True)
class TinyCifar:
    """An edition with 4 images a file, whose archives lie packed and unpacked in ``folder``."""

    edition: Edition
    folder: Path
    pixels: dict[str, np.ndarray]  # by split, (N, 32, 32, 3)
    labels: dict[str, np.ndarray]

    def write_npz(self, path: Path, **changes: np.ndarray) -> Path:
        """What ``np.savez`` makes of ``keras.datasets.cifar10.load_data()``, with some arrays changed."""
        arrays = {f"x_{split}": pixels for split, pixels in self.pixels.items()}
        arrays |= {f"y_{split}": labels[:, None].astype(np.uint8) for split, labels in self.labels.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{**arrays, **changes})
        return path

    def write_kaggle(self, folder: Path, images: str = "train") -> Path:
        """Kaggle's folder of the training images."""
        (folder / images).mkdir(parents=True)
        lines = ["id,label"]
        for number, (pixels, label) in enumerate(zip(self.pixels["train"], self.labels["train"], strict=True), start=1):
            (folder / images / f"{number}.png").write_bytes(make_png(pixels))
            lines.append(f"{number},{self.edition.class_names[label]}")
        (folder / "trainLabels.csv").write_text("\n".join(lines) + "\n")
        return folder

    def make_frame(self, split: str, order: Sequence[int] | None = None) -> pd.DataFrame:
        """A table as Hugging Face has it, with the images in some order."""
        chosen = np.arange(len(self.labels[split])) if order is None else np.array(order)
        image, label = ("img", "fine_label") if self.edition.coarse_labels else ("img", "label")
        cells = [{"bytes": make_png(pixels), "path": f"{index}.png"} for index, pixels in enumerate(self.pixels[split])]
        columns = {image: [cells[index] for index in chosen], label: self.labels[split][chosen]}
        if self.edition.coarse_labels:
            columns["coarse_label"] = np.array(self.edition.coarse_labels)[columns[label]]
        return pd.DataFrame(columns)


@pytest.fixture(params=["cifar10", "cifar100"])
def tiny_cifar(request: pytest.FixtureRequest, tmp_path: Path) -> TinyCifar:
    """CIFAR-10 and CIFAR-100 in small, in every form, with the checksums of these files."""
    return make_tiny_cifar(CIFAR10 if request.param == "cifar10" else CIFAR100, tmp_path / "tiny")


def make_tiny_cifar(edition: Edition, folder: Path) -> TinyCifar:
    random = np.random.default_rng(7)
    names = list(edition.class_names)
    pixels: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    labels: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    binary: dict[str, bytes] = {edition.binary.names.name: ("\n".join(names) + "\n\n").encode()}
    python: dict[str, bytes] = {
        edition.python.names.name: pickle.dumps({edition.python.names_key: names}, protocol=2),
    }
    for split in ("train", "test"):
        for old, new in zip(getattr(edition.binary, split), getattr(edition.python, split), strict=True):
            images = random.integers(0, 256, (4, 32, 32, 3), np.uint8)
            classes = random.integers(0, edition.classes, 4)
            classes[0] = edition.classes - 1  # which is no coarse one
            planes = images.transpose(0, 3, 1, 2).reshape(4, -1)
            front = np.zeros((4, edition.label_bytes), np.uint8)
            front[:, 0] = np.array(edition.coarse_labels)[classes] if edition.coarse_labels else classes
            front[:, -1] = classes
            binary[old.name] = np.concatenate([front, planes], axis=1).tobytes()
            python[new.name] = make_python_2_batch(planes, [int(label) for label in classes], edition.python.labels_key)
            pixels[split].append(images)
            labels[split].append(classes)
    return TinyCifar(
        edition=dataclasses.replace(
            edition,
            binary=write_archive(edition.binary, binary, folder, "sha256"),
            python=write_archive(edition.python, python, folder, "md5"),
        ),
        folder=folder,
        pixels={split: np.concatenate(parts) for split, parts in pixels.items()},
        labels={split: np.concatenate(parts) for split, parts in labels.items()},
    )


def make_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture
def pickled_parquet(monkeypatch: pytest.MonkeyPatch) -> Callable[[pd.DataFrame, Path], Path]:
    """Writes a table that pandas then reads as it would read parquet, also without pyarrow."""

    def write(frame: pd.DataFrame, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_pickle(path)
        return path

    monkeypatch.setattr(pd, "read_parquet", lambda path, engine: pd.read_pickle(path))
    return write


def write_archive(archive: Archive, files: dict[str, bytes], folder: Path, algorithm: str) -> Archive:
    """Write the files packed and unpacked; the archive with their counts and checksums."""
    (folder / archive.folder).mkdir(parents=True)
    for name, data in files.items():
        (folder / archive.folder / name).write_bytes(data)
    packed = folder / archive.file
    packed.write_bytes(make_tar_gz({f"{archive.folder}/{name}": data for name, data in files.items()}))

    def tiny(member: Member) -> Member:
        checksum = hashlib.new(algorithm, files[member.name]).hexdigest() if member.checksum else ""
        return dataclasses.replace(member, images=4 if member.images else 0, checksum=checksum)

    return dataclasses.replace(
        archive,
        size=packed.stat().st_size,
        sha256=hashlib.sha256(packed.read_bytes()).hexdigest(),
        train=tuple(map(tiny, archive.train)),
        test=tuple(map(tiny, archive.test)),
        names=tiny(archive.names),
    )


def make_tar_gz(files: dict[str, bytes]) -> bytes:
    """A .tar.gz of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def make_python_2_batch(planes: np.ndarray, labels: list[int], labels_key: str) -> bytes:
    """A batch as Python 2's cPickle wrote it: byte strings, and an array by NumPy 1's ``_reconstruct``."""
    rows, columns = planes.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01"
        + b"M" + struct.pack("<H", rows) + b"M" + struct.pack("<H", columns) + b"\x86"
        + b"cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + b"\x89T" + struct.pack("<i", planes.size) + planes.tobytes() + b"tb"
    )  # fmt: skip
    values = b"]q\x07(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return (
        b"\x80\x02}q\x01(" + _short("batch_label") + _short("batch 1 of 5") + _short(labels_key) + values
        + _short("data") + array + _short("filenames") + b"](" + _short("a.png") * len(labels) + b"eu."
    )  # fmt: skip


def _short(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode()
