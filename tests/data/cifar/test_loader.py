"""Tests of ``densebench/data/cifar/loader.py`` and ``densebench/data/cifar/editions.py``."""

import shutil

import numpy as np
import pytest

from densebench.config import DataConfig
from densebench.data.cifar import loader
from densebench.data.cifar.editions import CIFAR10, CIFAR100
from densebench.data.datasets import describe, load
from densebench.data.fetching import download
from densebench.data.identity import identify
from densebench.errors import DatasetError, InputError

FORMS = ["binary packed", "binary unpacked", "python packed", "python unpacked"]


@pytest.fixture
def loaded(tiny_cifar, monkeypatch):
    """Loads the tiny edition in place of the real one."""
    monkeypatch.setitem(loader.EDITIONS, tiny_cifar.edition.name, tiny_cifar.edition)

    def load_it(data_dir=tiny_cifar.folder, **options):
        directory = None if data_dir is None else str(data_dir)
        return load(DataConfig(dataset=tiny_cifar.edition.name, data_dir=directory, **options))

    return load_it


def keep(tiny_cifar, form: str):
    """Remove every other form of the archive; where the one left lies."""
    edition = tiny_cifar.edition
    for archive in (edition.binary, edition.python):
        for path, kind in ((archive.file, "packed"), (archive.folder, "unpacked")):
            if f"{archive.form} {kind}" == form:
                kept = tiny_cifar.folder / path
            elif kind == "packed":
                (tiny_cifar.folder / path).unlink()
            else:
                shutil.rmtree(tiny_cifar.folder / path)
    return kept


def archive_of(tiny_cifar, form: str):
    return tiny_cifar.edition.binary if form.startswith("binary") else tiny_cifar.edition.python


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_images(form, tiny_cifar, loaded):
    keep(tiny_cifar, form)
    dataset = loaded()
    for split, images in (("train", dataset.train), ("test", dataset.test)):
        assert np.array_equal(images.pixels, tiny_cifar.pixels[split])
        assert np.array_equal(images.labels, tiny_cifar.labels[split])
        assert images.pixels.flags.c_contiguous
    assert dataset.class_names == tiny_cifar.edition.class_names
    assert dataset.warnings == ()
    assert dataset.flip_allowed


@pytest.mark.parametrize("form", FORMS)
def test_the_data_directory_may_be_the_archive_or_its_folder_itself(form, tiny_cifar, loaded):
    assert len(loaded(keep(tiny_cifar, form)).train.labels) == len(tiny_cifar.labels["train"])


def test_cifar10_is_standardised_by_the_constants_of_the_blog_series_and_cifar100_by_its_own(tiny_cifar, loaded):
    dataset = loaded()
    if tiny_cifar.edition.name == "cifar10":
        assert dataset.mean == (125.307, 122.95, 113.865)
        assert dataset.deviation == (62.9932, 62.0887, 66.7048)
    else:
        assert dataset.mean == pytest.approx(dataset.train.pixels.mean(axis=(0, 1, 2)))


def test_the_cache_is_looked_into_without_a_data_directory(tiny_cifar, loaded, private_cache):
    private_cache.mkdir()
    shutil.copy(tiny_cifar.folder / tiny_cifar.edition.binary.file, private_cache)
    assert len(loaded(None, offline=True).test.labels) == 4


def test_offline_forbids_the_download(tiny_cifar, loaded, monkeypatch):
    monkeypatch.setattr(download, "download", lambda *_, **__: pytest.fail("the network was asked"))
    title = tiny_cifar.edition.title
    with pytest.raises(DatasetError, match=rf"{title} is not in '.*/cache' and --offline forbids its download"):
        loaded(None, offline=True)


def test_a_data_directory_without_the_archive_is_not_made_up_for_by_a_download(loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "download", lambda *_, **__: pytest.fail("the network was asked"))
    with pytest.raises(
        DatasetError,
        match=r"No CIFAR-10+ in '.*/empty', which does not exist: name a folder with cifar-10+-binary.tar.gz or",
    ):
        loaded(tmp_path / "empty")


def test_what_is_not_there_is_downloaded_into_the_cache(tiny_cifar, loaded, private_cache, monkeypatch):
    def deliver(file, target, *, on_progress):
        assert file.sha256 == tiny_cifar.edition.binary.sha256
        shutil.copy(tiny_cifar.folder / tiny_cifar.edition.binary.file, target)

    monkeypatch.setattr(download, "download", deliver)
    assert len(loaded(None).train.labels) == len(tiny_cifar.labels["train"])
    assert (private_cache / tiny_cifar.edition.binary.file).exists()


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_file_is_refused(form, tiny_cifar, loaded):
    path = keep(tiny_cifar, form)
    if path.is_dir():
        path = path / archive_of(tiny_cifar, form).train[0].name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=rf"{path.name}' is not the official file"):
        loaded()


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_short_is_refused(form, tiny_cifar, loaded):
    path = keep(tiny_cifar, form)
    if path.is_dir():
        path = path / archive_of(tiny_cifar, form).test[0].name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match="is not the official file"):
        loaded()


@pytest.mark.parametrize("form", ["binary unpacked", "python unpacked"])
def test_a_missing_member_is_named(form, tiny_cifar, loaded):
    member = keep(tiny_cifar, form) / archive_of(tiny_cifar, form).test[0].name
    member.unlink()
    with pytest.raises(DatasetError, match=rf"{member.name}' is missing: unpack {archive_of(tiny_cifar, form).file}"):
        loaded()


def test_a_hostile_pickle_is_not_even_opened_because_its_checksum_differs(tiny_cifar, loaded, monkeypatch):
    path = keep(tiny_cifar, "python unpacked") / tiny_cifar.edition.python.train[0].name
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    monkeypatch.setattr("densebench.data.cifar.records.load_plain", lambda _: pytest.fail("the pickle was read"))
    with pytest.raises(DatasetError, match="is not the official file"):
        loaded()


def test_another_image_size_is_reached_by_resizing(loaded):
    assert loaded(image_size=8, train_limit=3).train.pixels.shape == (3, 8, 8, 3)


def test_limits_choose_images_with_their_labels(tiny_cifar, loaded):
    dataset = loaded(train_limit=3)
    images = zip(tiny_cifar.pixels["train"], tiny_cifar.labels["train"], strict=True)
    everything = {image.tobytes(): label for image, label in images}
    for image, label in zip(dataset.train.pixels, dataset.train.labels, strict=True):
        assert everything[image.tobytes()] == label


@pytest.mark.parametrize(("edition", "classes"), [(CIFAR10, 10), (CIFAR100, 100)])
def test_the_facts_are_the_published_counts(edition, classes):
    facts = describe(DataConfig(dataset=edition.name))
    assert (facts.classes, facts.image_size) == (classes, 32)
    assert (facts.train_images, facts.test_images) == (50_000, 10_000)


@pytest.mark.parametrize("edition", [CIFAR10, CIFAR100])
def test_every_download_is_by_https_and_every_data_file_has_a_checksum(edition):
    assert all(url.startswith("https://") and url.endswith(edition.binary.file) for url in edition.binary.urls)
    for archive, length in ((edition.binary, 64), (edition.python, 32)):
        assert len(archive.sha256) == 64
        assert all(len(member.checksum) == length for member in (*archive.train, *archive.test))
        assert sum(member.images for member in archive.train) == 50_000


def test_an_unreadable_file_is_named(tiny_cifar, loaded, monkeypatch):
    path = keep(tiny_cifar, "binary unpacked") / tiny_cifar.edition.binary.train[0].name
    real = type(path).open

    def refuse(self, *arguments):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments)

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(DatasetError, match=rf"{path.name}' cannot be read \(Permission denied\)"):
        loaded()


@pytest.fixture
def write_form(tiny_cifar, tmp_path, pickled_parquet):
    """Writes one of the forms into a folder of its own; the batches of parquet come in another order."""

    def write(form):
        folder = tmp_path / form
        if form == "npz":
            tiny_cifar.write_npz(folder / f"{tiny_cifar.edition.name}.npz")
        elif form == "parquet":
            batches = np.arange(len(tiny_cifar.labels["train"])).reshape(-1, 4)[::-1]
            pickled_parquet(
                tiny_cifar.make_frame("train", batches.reshape(-1)), folder / "train-00000-of-00001.parquet"
            )
            pickled_parquet(tiny_cifar.make_frame("test"), folder / "test-00000-of-00001.parquet")
        else:
            tiny_cifar.write_kaggle(folder)
        return folder

    return write


@pytest.mark.parametrize("deeper", [False, True])
@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_what_keras_and_hugging_face_have_are_the_official_images_with_the_official_hash(
    form, deeper, loaded, write_form
):
    folder = write_form(form)
    copy, official = loaded(folder.parent if deeper else folder), loaded()
    assert copy.sha256 == official.sha256
    assert identify(copy) == identify(official)
    assert copy.warnings == ()


@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_limits_and_validation_choose_the_same_images_from_every_form(form, loaded, write_form, tiny_cifar):
    options = {"train_limit": 1, "validation": 2, "test_limit": 3}
    assert loaded(write_form(form), **options).sha256 == loaded(**options).sha256


def test_images_that_are_not_the_official_ones_are_used_with_a_warning_and_another_hash(tiny_cifar, loaded, tmp_path):
    tiny_cifar.write_npz(tmp_path / "data" / "own.npz", x_test=255 - tiny_cifar.pixels["test"])
    dataset = loaded(tmp_path / "data")
    assert dataset.warnings == (
        f"Keras's arrays in 'own.npz' are not the official images of {tiny_cifar.edition.title} in their order",
    )
    assert dataset.sha256 != loaded().sha256
    assert np.array_equal(dataset.train.pixels, loaded().train.pixels)


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_kaggles_images_need_a_fraction_to_test_on_for_their_test_labels_are_secret(loaded, write_form):
    folder = write_form("kaggle")
    for ask in (lambda: loaded(folder), lambda: describe(DataConfig(data_dir=str(folder)))):
        with pytest.raises(InputError, match=r"^Kaggle's images in '.*' have no labels of the test images of CIFAR-10"):
            ask()
    for fraction in (0.001, 0.999):
        with pytest.raises(
            InputError, match=rf"^--test-fraction {fraction} of the 20 training images of CIFAR-10 leaves"
        ):
            loaded(folder, test_fraction=fraction)


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_kaggles_images_are_split_by_the_fraction_always_the_same_way(tiny_cifar, loaded, write_form):
    folder = write_form("kaggle")
    dataset = loaded(folder, test_fraction=0.25, validation=4)
    assert dataset.warnings == ("test images of CIFAR-10 drawn from its training images: 5",)
    facts = describe(DataConfig(data_dir=str(folder), test_fraction=0.25, validation=4))
    counts = [len(images.labels) for images in (dataset.train, dataset.validation, dataset.test)]
    assert counts == [11, 4, 5] == [facts.train_images, facts.validation_images, facts.test_images]
    parts = [images.pixels for images in (dataset.train, dataset.validation, dataset.test)]
    together = sorted(image.tobytes() for image in np.concatenate(parts))
    assert together == sorted(image.tobytes() for image in tiny_cifar.pixels["train"])
    assert dataset.sha256 == loaded(folder, test_fraction=0.25, validation=4).sha256


def test_a_fraction_is_refused_where_there_are_test_images(loaded, write_form):
    with pytest.raises(
        InputError, match=r"--test-fraction is for images without .* of Kaggle; cifar100? has one.*: leave it out"
    ):
        loaded(write_form("npz"), test_fraction=0.2)


def test_the_classes_without_an_archive_are_as_many_as_their_names_and_five_to_a_coarse_one():
    for edition in (CIFAR10, CIFAR100):
        assert len(set(edition.class_names)) == edition.classes
        assert list(edition.class_names) == sorted(edition.class_names)
    assert np.bincount(CIFAR100.coarse_labels).tolist() == [5] * 20
