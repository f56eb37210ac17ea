"""Tests of ``densebench/data/archives/loader.py`` and ``densebench/data/archives/catalogue.py``."""

import dataclasses
import functools
import io
import shutil

import numpy as np
import pytest

from densebench.config import DataConfig
from densebench.data.archives.catalogue import PUBLISHED
from densebench.data.batches import describe_augmentation
from densebench.data.datasets import describe, describe_absent, load
from densebench.data.fetching import download
from densebench.errors import DatasetError
from densebench.recipes import RECIPES


def load_from(folder, tiny, **options):
    data_dir = None if folder is None else str(folder)
    return load(DataConfig(dataset=tiny.dataset.name, data_dir=data_dir, **options))


def in_rgb(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.ndim == 4 else np.stack([pixels] * 3, axis=3)


def test_the_images_are_the_published_ones_in_rgb(tiny, tmp_path):
    dataset = load_from(tiny.write(tmp_path / "data"), tiny, image_size=tiny.dataset.image_size)
    for split, images in (("train", dataset.train), ("test", dataset.test)):
        assert np.array_equal(images.pixels, in_rgb(tiny.pixels[split]))
        assert images.labels.tolist() == tiny.labels[split].tolist()
        assert images.pixels.flags.c_contiguous
    assert dataset.class_names == tiny.dataset.class_names
    assert dataset.warnings == ()


def test_they_are_scaled_to_32_pixels_as_digits_are(tiny, tmp_path):
    from PIL import Image

    dataset = load_from(tiny.write(tmp_path / "data"), tiny)
    assert dataset.image_size == 32
    original = Image.fromarray(tiny.pixels["train"][3]).convert("RGB")
    scaled = original.resize((32, 32), Image.Resampling.BILINEAR)
    assert np.array_equal(dataset.train.pixels[3], np.asarray(scaled))


@pytest.mark.parametrize(
    ("name", "augmentation"),
    [
        ("mnist", "shift 12.5%"),
        ("svhn", "shift 12.5%"),
        ("fashion_mnist", "flip, shift 12.5%"),
    ],
)
def test_digits_are_never_mirrored_and_garments_are_as_the_column_augmentation_says(
    name, augmentation, make_tiny, tmp_path
):
    dataset = load_from(make_tiny(name).write(tmp_path / "data"), make_tiny(name))
    assert describe_augmentation(RECIPES["blog"], dataset.flip_allowed) == augmentation


def test_unpacked_files_give_the_same_images(tiny, tmp_path):
    packed = load_from(tiny.write(tmp_path / "packed"), tiny)
    unpacked = load_from(tiny.write(tmp_path / "unpacked", unpacked=True), tiny)
    assert packed.sha256 == unpacked.sha256


def test_unpacked_files_without_a_published_checksum_are_marked(make_tiny, tmp_path):
    folder = make_tiny("mnist").write(tmp_path / "mnist", unpacked=True)
    assert load_from(folder, make_tiny("mnist")).warnings == ()
    tiny = make_tiny("fashion_mnist")
    assert load_from(tiny.write(tmp_path / "fashion", unpacked=True), tiny).warnings == (
        "unverified files of Fashion-MNIST, for checksums are published of the .gz files alone: 4, such as "
        "'train-images-idx3-ubyte'",
    )


def test_validation_and_limits_choose_as_for_any_other_dataset(tiny, tmp_path):
    folder = tiny.write(tmp_path / "data")
    dataset = load_from(folder, tiny, validation=10, train_limit=5, test_limit=4)
    facts = describe(DataConfig(dataset=tiny.dataset.name, validation=10, train_limit=5, test_limit=4))
    counts = [len(dataset.train.labels), len(dataset.validation.labels), len(dataset.test.labels)]
    assert counts == [5, 10, 4] == [facts.train_images, facts.validation_images, facts.test_images]
    assert sorted(dataset.validation.labels) == list(range(10))


def test_a_changed_file_is_refused_in_one_sentence(tiny, tmp_path):
    for number, name in enumerate(tiny.packed):
        folder = tiny.write(tmp_path / str(number))
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
        with pytest.raises(DatasetError, match=rf"{name}' is not the official file \(its SHA-256 differs\): download"):
            load_from(folder, tiny)


def test_the_files_of_mnist_and_fashion_mnist_have_one_name_and_are_told_apart(make_tiny, tmp_path):
    mnist, fashion = make_tiny("mnist"), make_tiny("fashion_mnist")
    with pytest.raises(DatasetError, match=r"ubyte.gz' is a file of Fashion-MNIST: give --dataset fashion_mnist, or"):
        load_from(fashion.write(tmp_path / "data"), mnist)


@pytest.mark.parametrize("offline", [False, True])
def test_the_cache_is_used_without_a_download(tiny, offline, private_cache, monkeypatch):
    monkeypatch.setattr(download, "download", lambda *_, **__: pytest.fail("the network was asked"))
    tiny.write(private_cache / tiny.dataset.name)
    assert len(load_from(None, tiny, offline=offline).train.labels) == 20


def test_what_is_missing_is_downloaded_into_a_folder_of_its_own(tiny, tmp_path, private_cache, monkeypatch):
    source, asked = tiny.write(tmp_path / "server"), []

    def deliver(file, target, *, on_progress):
        asked.append((target, file.sha256))
        assert all(url.startswith("https://") and url.endswith(f"/{target.name}") for url in file.urls)
        shutil.copy(source / target.name, target)

    monkeypatch.setattr(download, "download", deliver)
    there = tiny.write(private_cache / tiny.dataset.name, only=1)
    assert len(load_from(None, tiny).train.labels) == 20
    assert asked == [(there / file.name, file.sha256) for file in tiny.dataset.files[1:]]
    assert f"Dataset {tiny.dataset.name} is not on this machine yet." not in describe_absent(None)


class Answer(io.BytesIO):
    """What a server sends from a byte on."""

    def __init__(self, data: bytes, begin: int) -> None:
        super().__init__(data[begin:])
        self.status = 206 if begin else 200
        self.headers = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"} if begin else {}

    def getheader(self, name: str) -> str | None:
        return self.headers.get(name)


def test_a_download_that_broke_off_goes_on_where_it_ended(tiny, private_cache, monkeypatch):
    asked = []

    def answer(request):
        name = request.full_url.rsplit("/", 1)[1]
        begin = int(request.get_header("Range", "bytes=0-")[6:-1])
        asked.append((name, begin))
        return Answer(tiny.packed[name], begin)

    monkeypatch.setattr(download, "download", functools.partial(download.download, open_url=answer))
    first, *others = tiny.packed
    part = private_cache / tiny.dataset.name / f"{first}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(tiny.packed[first][:50])
    assert len(load_from(None, tiny).train.labels) == 20
    assert asked == [(first, 50), *((name, 0) for name in others)]
    assert not part.exists()


def test_offline_forbids_the_download(tiny, monkeypatch):
    monkeypatch.setattr(download, "download", lambda *_, **__: pytest.fail("the network was asked"))
    assert f"Dataset {tiny.dataset.name} is not on this machine yet." in describe_absent(None)
    with pytest.raises(DatasetError, match=rf"^{tiny.dataset.title} is not in '.*/cache/.*' and --offline forbids"):
        load_from(None, tiny, offline=True)


@pytest.mark.parametrize(
    ("name", "counts", "size"),
    [
        ("mnist", (60_000, 10_000), 28),
        ("fashion_mnist", (60_000, 10_000), 28),
        ("svhn", (73_257, 26_032), 32),
    ],
)
def test_the_facts_are_the_published_counts(name, counts, size):
    facts = describe(DataConfig(dataset=name))
    assert (facts.train_images, facts.test_images) == counts
    assert (facts.classes, facts.image_size, PUBLISHED[name].image_size) == (10, 32, size)


@pytest.mark.parametrize("dataset", PUBLISHED.values(), ids=PUBLISHED)
def test_every_download_is_by_https_and_has_a_size_and_a_checksum(dataset):
    assert all(address.startswith("https://") and address.endswith("/") for address in dataset.addresses)
    assert len(dataset.addresses) > 1
    for file in dataset.files:
        assert len(file.sha256) == 64
        assert file.size > 4000


def test_files_that_fit_their_checksums_but_not_their_counts_are_refused(tiny, tmp_path, monkeypatch):
    folder = tiny.write(tmp_path / "data")
    more = dataclasses.replace(tiny.dataset.train, images=21)
    monkeypatch.setitem(PUBLISHED, tiny.dataset.name, dataclasses.replace(tiny.dataset, train=more))
    side = tiny.dataset.image_size
    found = rf"20 images of {side}x{side}(x3)? instead of 21 of {side}x{side}"
    with pytest.raises(DatasetError, match=rf"is malformed \({found}\): download it again"):
        load_from(folder, tiny)


@pytest.mark.parametrize(("kind", "found"), [("images-idx3", "10 images of 28x28"), ("labels-idx1", "10 labels")])
def test_of_files_that_were_exchanged_the_wrong_one_is_named(kind, found, make_tiny, tmp_path):
    tiny = make_tiny("fashion_mnist")  # whose unpacked files have no published checksum
    folder = tiny.write(tmp_path / "data", unpacked=True)
    shutil.copyfile(folder / f"t10k-{kind}-ubyte", folder / f"train-{kind}-ubyte")
    with pytest.raises(DatasetError, match=rf"train-{kind}-ubyte' is malformed \({found} instead of 20"):
        load_from(folder, tiny)
