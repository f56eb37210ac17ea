"""Tests of ``densebench/data/cifar/finding.py``."""

import shutil

import pytest

from densebench.data.cifar.finding import find_edition, look_for
from densebench.data.fetching import download
from densebench.data.images import ignore_progress


def titles(edition, folder) -> str:
    """The form in which the edition is found, and where, from the folder on."""
    place = look_for(edition, str(folder))
    if place is None:
        return "nothing"
    form = getattr(place, "form", None)
    return f"{form.title if form else place.archive.form} {place.path.relative_to(folder)}"


def test_an_edition_is_available_in_a_directory_or_in_the_cache(tiny_cifar, private_cache):
    edition = tiny_cifar.edition
    assert look_for(edition, str(tiny_cifar.folder)) is not None
    assert look_for(edition, None) is None
    private_cache.mkdir(exist_ok=True)
    shutil.copy(tiny_cifar.folder / edition.binary.file, private_cache)
    assert look_for(edition, None) is not None


def test_the_home_directory_may_be_written_as_a_tilde(tiny_cifar, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny_cifar.folder))
    assert look_for(tiny_cifar.edition, "~") is not None


def test_without_it_the_binary_archive_is_downloaded_into_the_cache(tiny_cifar, private_cache, monkeypatch):
    asked = []
    monkeypatch.setattr(download, "download", lambda file, target, *, on_progress: asked.append((file.sha256, target)))
    place = find_edition(tiny_cifar.edition, data_dir=None, offline=False, on_progress=ignore_progress)
    archive = tiny_cifar.edition.binary
    assert asked == [(archive.sha256, private_cache / archive.file)]
    assert place.path == private_cache / archive.file


def test_of_several_forms_in_a_folder_the_first_in_a_fixed_order_is_taken(tiny_cifar, pickled_parquet):
    edition, folder = tiny_cifar.edition, tiny_cifar.folder
    tiny_cifar.write_npz(folder / "arrays.npz")
    for split in ("train", "test"):
        pickled_parquet(tiny_cifar.make_frame(split), folder / f"{split}-00000-of-00001.parquet")
    tiny_cifar.write_kaggle(folder)
    assert titles(edition, folder) == f"binary {edition.binary.file}"
    (folder / edition.binary.file).unlink()
    shutil.rmtree(folder / edition.binary.folder)
    assert titles(edition, folder) == f"python {edition.python.file}"
    (folder / edition.python.file).unlink()
    shutil.rmtree(folder / edition.python.folder)
    assert titles(edition, folder) == "Keras's arrays arrays.npz"
    (folder / "arrays.npz").unlink()
    assert titles(edition, folder) == "Hugging Face's parquet files ."
    (folder / "test-00000-of-00001.parquet").unlink()
    assert titles(edition, folder) == ("Kaggle's images ." if edition.name == "cifar10" else "nothing")


@pytest.mark.parametrize("form", ["archive", "unpacked", "npz", "parquet", "kaggle"])
def test_every_form_may_lie_a_folder_deeper(form, tiny_cifar, tmp_path, pickled_parquet):
    edition, data = tiny_cifar.edition, tmp_path / "data"
    deeper = data / "deeper"
    deeper.mkdir(parents=True)
    if form == "archive":
        shutil.copy(tiny_cifar.folder / edition.python.file, deeper)
    elif form == "unpacked":
        shutil.copytree(tiny_cifar.folder / edition.binary.folder, deeper / edition.binary.folder)
    elif form == "npz":
        tiny_cifar.write_npz(deeper / "arrays.npz")
    elif form == "parquet":
        for split in ("train", "test"):
            pickled_parquet(tiny_cifar.make_frame(split), deeper / f"{split}.parquet")
    else:
        tiny_cifar.write_kaggle(deeper)
    if form == "kaggle" and edition.name == "cifar100":
        assert titles(edition, data) == "nothing"
    else:
        assert " deeper" in titles(edition, data)


def test_the_folder_itself_comes_before_those_in_it_and_the_one_of_its_name_before_others(tiny_cifar, tmp_path):
    edition, data = tiny_cifar.edition, tmp_path / "data"
    for folder in ("a", edition.name, "cifar10-and-cifar100"):
        tiny_cifar.write_npz(data / folder / "arrays.npz")
    assert titles(edition, data) == f"Keras's arrays {edition.name}/arrays.npz"
    tiny_cifar.write_npz(data / "arrays.npz")
    assert titles(edition, data) == "Keras's arrays arrays.npz"


@pytest.mark.parametrize("tiny_cifar", ["cifar10"], indirect=True)
def test_of_several_folders_the_one_with_the_first_form_is_taken(tiny_cifar, tmp_path):
    tiny_cifar.write_kaggle(tmp_path / "data" / "a")
    tiny_cifar.write_npz(tmp_path / "data" / "b" / "arrays.npz")
    assert titles(tiny_cifar.edition, tmp_path / "data") == "Keras's arrays b/arrays.npz"


def test_a_folder_of_the_other_edition_is_not_looked_into(tiny_cifar, tmp_path):
    other = "cifar100" if tiny_cifar.edition.name == "cifar10" else "cifar10"
    tiny_cifar.write_npz(tmp_path / "data" / other / "arrays.npz")
    assert titles(tiny_cifar.edition, tmp_path / "data") == "nothing"


def test_the_cache_holds_official_archives_alone(tiny_cifar, private_cache):
    tiny_cifar.write_npz(private_cache / "arrays.npz")
    assert look_for(tiny_cifar.edition, None) is None
