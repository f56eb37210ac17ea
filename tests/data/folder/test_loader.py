"""Tests of ``densebench/data/folder/loader.py``."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from densebench.config import DataConfig
from densebench.data.datasets import describe, load
from densebench.data.folder import loader
from densebench.errors import DatasetError, InputError

SPLIT = {"train/cat": 6, "train/dog": 4, "test/cat": 2, "test/dog": 2}
REAL = Path(__file__).parents[3] / "shared" / "data" / "cifar10-images.tar.gz"


def config_of(folder: Path, **options) -> DataConfig:
    return DataConfig(dataset=f"folder:{folder}", **options)


@pytest.fixture
def decoded(monkeypatch) -> list[int]:
    """How many images each decoding was asked for."""
    counts: list[int] = []

    def counted(root, paths, **options):
        counts.append(len(paths))
        return real(root, paths, **options)

    real = loader.decode_files
    monkeypatch.setattr(loader, "decode_files", counted)
    return counts


def test_images_and_labels_belong_together(image_folder):
    root = image_folder(SPLIT)
    dataset = load(config_of(root))
    expected = [np.asarray(Image.open(root / "train" / "dog" / f"{index:04d}.png")) for index in range(4)]
    assert np.array_equal(dataset.train.pixels[dataset.train.labels == 1], expected)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.flip_allowed


def test_it_is_named_after_the_folder_and_not_its_path(image_folder, monkeypatch):
    root = image_folder(SPLIT, name="birds")
    assert describe(config_of(root)).name == "birds"
    monkeypatch.chdir(root / "train")
    assert describe(DataConfig(dataset="folder:..")).name == "birds"


def test_it_cannot_pass_for_a_built_in_dataset(image_folder):
    dataset = load(config_of(image_folder(SPLIT, name="cifar10")))
    assert dataset.name == "cifar10-folder"


def test_a_second_loading_decodes_nothing(image_folder, decoded):
    config = config_of(image_folder(SPLIT))
    one, other = load(config), load(config)
    assert decoded == [10, 4]
    assert one.sha256 == other.sha256


def test_only_the_images_asked_for_are_decoded(image_folder, decoded):
    dataset = load(config_of(image_folder(SPLIT), train_limit=4, test_limit=2))
    assert decoded == [4, 2]
    assert np.bincount(dataset.train.labels).tolist() == [2, 2]


def test_a_changed_image_is_decoded_again(image_folder, decoded):
    root = image_folder(SPLIT)
    load(config_of(root))
    Image.new("RGB", (8, 8), (1, 2, 3)).save(root / "test" / "cat" / "0000.png")
    dataset = load(config_of(root))
    assert decoded == [10, 4, 4]
    assert (dataset.test.pixels[0] == (1, 2, 3)).all()


def test_a_changed_time_alone_is_enough_to_decode_again(image_folder, decoded):
    root = image_folder(SPLIT)
    load(config_of(root))
    os.utime(root / "test" / "cat" / "0000.png", ns=(1, 1))
    load(config_of(root))
    assert decoded == [10, 4, 4]


def test_two_folders_with_equal_names_sizes_and_times_do_not_share_their_images(image_folder):
    one, other = image_folder(SPLIT, name="one"), image_folder(SPLIT, name="other")
    for root, colour in ((one, 1), (other, 2)):
        for path in root.rglob("*.png"):
            pixels = np.random.default_rng(int(path.stem)).integers(0, 256, (8, 8, 3), np.uint8)
            pixels[..., 0] = colour
            Image.fromarray(pixels).save(path, compress_level=0)
            os.utime(path, ns=(1, 1))
    assert {path.stat().st_size for root in (one, other) for path in root.rglob("*.png")} == {path_size(one)}
    assert (load(config_of(one)).train.pixels[..., 0] == 1).all()
    assert (load(config_of(other)).train.pixels[..., 0] == 2).all()


def path_size(root: Path) -> int:
    return (root / "train" / "cat" / "0000.png").stat().st_size


def test_a_damaged_cache_is_rebuilt(image_folder, private_cache, decoded):
    config = config_of(image_folder(SPLIT))
    before = load(config).sha256
    for path in private_cache.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert load(config).sha256 == before
    assert decoded == [10, 4, 10, 4]


def test_another_image_size_resizes_every_image(image_folder):
    config = config_of(image_folder(SPLIT), image_size=5)
    assert load(config).train.pixels.shape == (10, 5, 5, 3)
    assert describe(config).image_size == 5


def test_train_and_test_must_have_the_same_image_size(image_folder):
    root = image_folder(SPLIT)
    for path in (root / "test").rglob("*.png"):
        Image.new("RGB", (9, 9)).save(path)
    with pytest.raises(DatasetError, match=r"test/cat/0000.png' is 9x9 but '.*/train/cat/0000.png' is 8x8"):
        load(config_of(root))


def test_skipped_files_are_counted(image_folder):
    root = image_folder(SPLIT)
    (root / "train" / "cat" / "notes.txt").write_text("no image")
    said = "entries of the folder skipped (hidden, or no image file): 1, such as 'train/cat/notes.txt'"
    assert load(config_of(root)).warnings == (said,)
    assert describe(config_of(root)).warnings == (said,)


def test_a_folder_without_a_split_is_split_by_the_fraction(image_folder):
    dataset = load(config_of(image_folder({"cat": 10, "dog": 10}), test_fraction=0.2))
    assert (len(dataset.train.labels), len(dataset.test.labels)) == (16, 4)


def test_the_home_directory_may_be_abbreviated(image_folder, monkeypatch, tmp_path):
    image_folder(SPLIT, name="pets")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert describe(DataConfig(dataset="folder:~/pets")).train_images == 10


def test_a_folder_without_a_path_is_refused():
    with pytest.raises(InputError, match="names no folder"):
        describe(DataConfig(dataset="folder:"))


def test_classes_that_the_folder_has_not_got_are_refused(image_folder):
    with pytest.raises(InputError, match="--classes 3 does not fit pictures, which has 2 classes"):
        describe(config_of(image_folder(SPLIT), classes=3))


def write_equal_sizes(root: Path) -> None:
    """Uncompressed images that are all different, with equal sizes and times."""
    for index, path in enumerate(sorted(root.rglob("*.png"))):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (8, 8, 3), np.uint8)).save(path, compress_level=0)
        os.utime(path, ns=(1, 1))


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_images_exchanged_between_classes_are_noticed(image_folder):
    root = image_folder(SPLIT)
    write_equal_sizes(root)
    before = load(config_of(root))
    cat, dog, aside = (root / name for name in ("train/cat/0000.png", "train/dog/0000.png", "aside"))
    cat.rename(aside), dog.rename(cat), aside.rename(dog)
    after = load(config_of(root))
    assert after.sha256 != before.sha256
    assert np.array_equal(after.train.pixels[0], read(cat))


def test_class_folders_exchanged_are_noticed(image_folder):
    root = image_folder({**SPLIT, "train/cat": 4})
    write_equal_sizes(root)
    load(config_of(root))
    cat, dog, aside = (root / name for name in ("train/cat", "train/dog", "train/aside"))
    cat.rename(aside), dog.rename(cat), aside.rename(dog)
    assert np.array_equal(load(config_of(root)).train.pixels[0], read(cat / "0000.png"))


def test_an_edit_that_keeps_size_and_time_is_noticed(image_folder):
    root = image_folder(SPLIT)
    write_equal_sizes(root)
    load(config_of(root))
    path = root / "train" / "cat" / "0000.png"
    Image.new("RGB", (8, 8), (1, 2, 3)).save(path, compress_level=0)
    os.utime(path, ns=(1, 1))
    assert np.array_equal(load(config_of(root)).train.pixels[0], read(path))


def test_a_link_that_points_to_another_image_is_noticed(image_folder):
    root = image_folder(SPLIT)
    write_equal_sizes(root)
    link = root / "train" / "cat" / "0000.png"
    for target in ("0001.png", "0002.png"):
        link.unlink()
        link.symlink_to(target)
        assert np.array_equal(load(config_of(root)).train.pixels[0], read(root / "train" / "cat" / target))


def test_a_change_of_every_training_size_makes_cached_test_images_mixed(image_folder):
    root = image_folder(SPLIT)
    load(config_of(root))
    for path in (root / "train").rglob("*.png"):
        Image.fromarray(np.random.default_rng(len(str(path))).integers(0, 256, (9, 9, 3), np.uint8)).save(path)
    with pytest.raises(DatasetError, match="give --image-size"):
        load(config_of(root))


def test_a_validation_folder_is_used_and_said(image_folder):
    config = config_of(image_folder({**SPLIT, "val/cat": 2, "val/dog": 1}))
    dataset = load(config)
    assert dataset.validation is not None
    assert dataset.validation.labels.tolist() == [0, 0, 1]
    assert len(dataset.train.labels) == 10
    assert dataset.warnings == ("validation images from the folder 'val': 3",)
    assert (describe(config).validation_images, describe(config).warnings) == (3, dataset.warnings)


def test_a_validation_folder_and_images_held_out_do_not_go_together(image_folder):
    config = config_of(image_folder({**SPLIT, "val/cat": 2, "val/dog": 1}), validation=2)
    for refuse in (describe, load):
        with pytest.raises(InputError, match="--validation 2 does not fit pictures, which has its own 3 validation"):
            refuse(config)


def test_nested_images_are_said_with_an_example(image_folder):
    said = "images in folders within a class left out: 2, such as 'train/dog/more/0000.png'"
    assert describe(config_of(image_folder({**SPLIT, "train/dog/more": 2}))).warnings == (said,)


def test_transparent_images_are_said_the_second_time_too(image_folder):
    root = image_folder(SPLIT)
    for name in ("train/cat/0000.png", "test/dog/0001.png"):
        Image.new("RGBA", (8, 8), (1, 2, 3, 100)).save(root / name)
    for _ in range(2):
        assert load(config_of(root)).warnings == ("transparent images composed on white: 2",)


def spoil(root: Path, *names: str) -> None:
    for name in names:
        (root / name).write_bytes(b"just text")


def test_all_bad_images_of_all_splits_are_listed_at_once(image_folder):
    root = image_folder({**SPLIT, "val/cat": 2, "val/dog": 2})
    bad = ("train/cat/0000.png", "train/dog/0003.png", "val/cat/0001.png", "test/dog/0000.png")
    spoil(root, *bad)
    with pytest.raises(DatasetError, match=r"^4 images cannot be used, .*, or give --skip-bad-images") as raised:
        load(config_of(root))
    assert all(name in str(raised.value) for name in bad)


def test_bad_images_are_skipped_where_that_is_asked_for_and_said(image_folder):
    root = image_folder(SPLIT)
    clean = load(config_of(root))
    spoil(root, "train/cat/0000.png", "test/dog/0001.png")
    config = config_of(root, skip_bad_images=True)
    assert describe(config).image_size == 8
    dataset = load(config)
    assert np.array_equal(dataset.train.pixels, clean.train.pixels[1:])
    assert np.array_equal(dataset.train.labels, clean.train.labels[1:])
    assert dataset.test.labels.tolist() == [0, 0, 1]
    assert dataset.warnings == ("bad images skipped: 2, such as 'train/cat/0000.png'",)


def test_a_class_of_bad_images_alone_is_refused_though_they_may_be_skipped(image_folder):
    root = image_folder({**SPLIT, "test/dog": 1})
    spoil(root, "test/dog/0000.png")
    with pytest.raises(DatasetError, match="No test image of class 'dog' can be used"):
        load(config_of(root, skip_bad_images=True))


def test_validation_may_lose_a_class_but_not_all_its_images(image_folder):
    root = image_folder({**SPLIT, "val/cat": 1, "val/dog": 1})
    spoil(root, "val/cat/0000.png")
    dataset = load(config_of(root, skip_bad_images=True))
    assert dataset.validation is not None
    assert dataset.validation.labels.tolist() == [1]
    spoil(root, "val/dog/0000.png")
    with pytest.raises(DatasetError, match="None of the 2 validation images can be used"):
        load(config_of(root, skip_bad_images=True))


def test_a_repaired_image_is_used_again(image_folder):
    root = image_folder(SPLIT)
    whole = (root / "train" / "cat" / "0000.png").read_bytes()
    spoil(root, "train/cat/0000.png")
    config = config_of(root, skip_bad_images=True)
    assert len(load(config).train.labels) == 9
    (root / "train" / "cat" / "0000.png").write_bytes(whole)
    assert len(load(config).train.labels) == 10


@pytest.mark.parametrize(("part", "said"), [("train/cat", "class 'cat' are equal"), ("", "training images are equal")])
def test_equal_images_are_refused(part, said, image_folder):
    root = image_folder(SPLIT)
    for path in (root / part).rglob("*.png"):
        Image.new("RGB", (8, 8), (1, 2, 3)).save(path)
    with pytest.raises(DatasetError, match=said):
        load(config_of(root))


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL.name} is not there")
def test_real_images_are_read(tmp_path):
    wanted = {
        f"{split}/{name}/{index:04d}.jpg"
        for split in ("train", "test")
        for name in ("bird", "ship")
        for index in range(20)
    }
    root = tmp_path / "cifar10-images"
    with tarfile.open(REAL) as archive:
        for member in archive:
            if (name := member.name.removeprefix("./").removeprefix("cifar10-images/")) in wanted:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(archive.extractfile(member).read())
                wanted.remove(name)
            if not wanted:
                break
    dataset = load(config_of(root))
    assert dataset.train.pixels.shape == (40, 32, 32, 3)
    assert dataset.name == "cifar10-images"
    assert 90 < dataset.mean[0] < 160
