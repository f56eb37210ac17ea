"""Random damage to everything that the datasets read: each ends in one sentence, or does no harm.

``DENSEBENCH_FUZZ=20000 pytest tests/data/test_hostile_input.py -s`` tries that many inputs a reader, and says so.
"""

import collections
import gzip
import io
import os
import pickle
import pickletools
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from densebench.config import DataConfig
from densebench.data.archives.idx import read_idx
from densebench.data.cache import cache_images
from densebench.data.checks import refuse_bad_images
from densebench.data.cifar.editions import CIFAR10
from densebench.data.cifar.forms import kaggle, keras_npz
from densebench.data.cifar.pickles import load_plain
from densebench.data.cifar.records import read_class_names, read_images
from densebench.data.cifar.tar import Content, read_members
from densebench.data.datasets import load
from densebench.data.folder.decoding import decode_files
from densebench.data.images import Decoded, ignore_progress
from densebench.errors import DatasetError, DensebenchError

INPUTS = int(os.environ.get("DENSEBENCH_FUZZ", "100"))
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def damaged(seeds: list[bytes], inputs: int = INPUTS) -> Iterator[bytes]:
    """Seeds with flipped bits, lost, doubled, overwritten and foreign parts; the same ones on every machine."""
    chance = random.Random(0)
    for _ in range(inputs):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
            begin, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 300))
            part = slice(begin, begin + length)
            match chance.randrange(7):
                case 0 if data:
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
                case 1:
                    del data[part]
                case 2:
                    data[begin:begin] = data[part]
                case 3:
                    data[part] = chance.randbytes(len(data[part]))
                case 4:
                    data[part] = chance.choice((b"\x00", b"\xff", b"\x7f")) * len(data[part])
                case 5:
                    del data[begin:]
                case 6:
                    other = chance.choice(seeds)
                    data[part] = other[begin : begin + length]
        yield bytes(data)


def refusal(read: Callable[[bytes], object], data: bytes) -> str | None:
    try:
        read(data)
    except DensebenchError as error:
        return str(error)
    return None


def outcomes(inputs: Iterator[bytes], read: Callable[[bytes], object]) -> collections.Counter[str]:
    """How many inputs were read and how many refused; any other exception than ours fails the test."""
    counts: collections.Counter[str] = collections.Counter()
    for data in inputs:
        sentence = refusal(read, data)
        counts["read" if sentence is None else "refused"] += 1
        assert sentence is None or (sentence.isprintable() and len(sentence) < 600)
    print(dict(counts), end=" ")
    assert counts["refused"] > 0
    return counts


def encoded(**options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[0]).save(file, **options)
    return file.getvalue()


def test_damaged_archives(tmp_path, pack):
    files = {"set/one": b"first" * 50, "set/two": np.random.default_rng(1).bytes(3000)}
    path = tmp_path / "set.tar.gz"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        assert {content.name: content.data for content in read_members(path, files.keys())} == files

    outcomes(damaged([pack(files)]), read)


def test_damaged_tars_in_whole_gzips(tmp_path, pack):
    """The layer below: the checksum of gzip is right, so that tarfile itself sees the damage."""
    path = tmp_path / "set.tar.gz"
    tar = gzip.decompress(pack({"set/one": b"first" * 50, "set/two": bytes(3000)}))

    def read(data: bytes) -> None:
        path.write_bytes(gzip.compress(data, 1))
        list(read_members(path, {"set/one", "set/two"}))

    outcomes(damaged([tar]), read)


def test_damaged_idx_files():
    images = bytes((0, 0, 8, 3)) + struct.pack(">III", 2, 4, 5) + bytes(range(40))

    def read(data: bytes) -> None:
        try:
            assert read_idx(data, 3).size == len(data) - 16
        except ValueError as error:
            raise DatasetError(str(error)) from None

    outcomes(damaged([images]), read)


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_damaged_arrays_of_keras(tiny_cifar, tmp_path):
    path = tiny_cifar.write_npz(tmp_path / "arrays.npz")
    heads = [path.read_bytes()[:400], path.read_bytes()[-600:]]  # where the structure is
    body = path.read_bytes()[400:-600]

    def read(data: bytes) -> None:
        path.write_bytes(data)
        keras_npz.find(tiny_cifar.edition, path)
        keras_npz.read(tiny_cifar.edition, path, ignore_progress)

    outcomes(damaged([path.read_bytes()]), read)
    outcomes((begin + body + heads[1] for begin in damaged(heads[:1])), read)
    outcomes((heads[0] + body + end for end in damaged(heads[1:])), read)


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_damaged_labels_of_kaggle(tiny_cifar, tmp_path):
    folder = tiny_cifar.write_kaggle(tmp_path / "kaggle")
    path = folder / "trainLabels.csv"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        kaggle.read(tiny_cifar.edition, folder, ignore_progress)

    outcomes(damaged([path.read_bytes()]), read)


def test_damaged_pickles(python_2_batch):
    planes = np.random.default_rng(2).integers(0, 256, (2, 3072), np.uint8)
    seeds = [python_2_batch(planes, [1, 2], "labels")]
    seeds += [pickle.dumps({"labels": [1, 2], "data": planes}, protocol) for protocol in (3, 4, 5)]
    heads = [seed[:400] for seed in seeds]  # where the structure is

    def read(data: bytes) -> None:
        read_images(Content(name="batch", data=data), 2, CIFAR10, CIFAR10.python)

    outcomes(damaged(seeds), read)
    outcomes(damaged(heads), load_plain)


def test_random_operations_as_pickles():
    chance = random.Random(1)
    codes = [operation.code.encode("latin1") for operation in pickletools.opcodes]
    names = [
        b"cnumpy\ndtype\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cos\nsystem\n",
        b"K\x01",
        b"U\x02u1",
        b"}",
        b"]",
    ]

    def program() -> bytes:
        return b"\x80\x02" + b"".join(chance.choice(codes + names * 5) for _ in range(chance.randrange(1, 30))) + b"."

    outcomes((program() for _ in range(INPUTS)), load_plain)


def test_damaged_records_and_class_names():
    records = np.random.default_rng(3).integers(0, 10, (2, 3073), np.uint8).tobytes()
    names = "\n".join(f"name_{index}" for index in range(10)).encode()

    def read(data: bytes) -> None:
        images = read_images(Content(name="batch", data=data), 2, CIFAR10, CIFAR10.binary)
        assert images.pixels.shape == (2, 32, 32, 3)
        assert 0 <= images.labels.min() <= images.labels.max() < 10

    def read_names(data: bytes) -> None:
        assert len(read_class_names(Content(name="names", data=data), CIFAR10, CIFAR10.binary)) == 10

    outcomes(damaged([records]), read)
    outcomes(damaged([names]), read_names)


def decode_one(folder: Path) -> np.ndarray:
    """The pixels of ``x.png``, or its refusal."""
    decoded = decode_files(folder, ["x.png"], image_size=None, like="x.png", on_progress=ignore_progress)
    if decoded.bad:
        refuse_bad_images(decoded.bad)
    return decoded.pixels


@pytest.mark.parametrize("kind", ["png", "jpeg", "without checksums", "other"])
def test_damaged_images(kind, tmp_path):
    seeds = {
        "png": [encoded(format="PNG"), encoded(format="PNG", compress_level=0)],
        "jpeg": [encoded(format="JPEG"), encoded(format="JPEG", progressive=True)],
        "without checksums": [encoded(format=name) for name in ("GIF", "BMP", "WEBP")],
        "other": [encoded(format=name) for name in ("TIFF", "PPM", "ICO")],
    }[kind]

    def read(data: bytes) -> None:
        (tmp_path / "x.png").write_bytes(data)
        pixels = decode_one(tmp_path)
        assert kind != "other"
        if kind == "png":  # its checksums leave no room for other pixels
            assert np.array_equal(pixels[0], PIXELS[0])
        elif kind == "jpeg":
            assert pixels.shape == (1, 16, 16, 3)
        else:
            assert pixels.shape == (1, pixels.shape[1], pixels.shape[1], 3)

    outcomes(damaged(seeds), read)


def test_a_flipped_bit_in_a_png_never_changes_a_pixel(tmp_path):
    """A small, smooth image, most of whose bits matter; Pillow alone would decode many of them to other pixels."""
    ramp = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8)[..., None].repeat(3, axis=2)
    Image.fromarray(ramp).save(tmp_path / "x.png")
    whole = (tmp_path / "x.png").read_bytes()

    def read(data: bytes) -> None:
        (tmp_path / "x.png").write_bytes(data)
        found = decode_one(tmp_path)
        assert np.array_equal(found[0], ramp)

    flips = (
        whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
        for place in range(len(whole))
        for bit in range(8)
    )
    outcomes(flips, read)


def test_a_damaged_image_in_a_folder_ends_its_loading(image_folder):
    root = image_folder({"train/a": 2, "train/b": 2, "test/a": 1, "test/b": 1})
    path = root / "train" / "b" / "0001.png"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load(DataConfig(dataset=f"folder:{root}"))

    outcomes(damaged([path.read_bytes()], INPUTS // 3), read)


def test_a_damaged_cache_never_changes_an_image(private_cache: Path):
    decoded = Decoded(pixels=PIXELS, kept=np.arange(3))
    cache_images("noise", 3, lambda: decoded)
    whole = (private_cache / "noise.npz").read_bytes()
    for data in damaged([whole]):
        (private_cache / "noise.npz").write_bytes(data)
        assert np.array_equal(cache_images("noise", 3, lambda: decoded).pixels, PIXELS)
