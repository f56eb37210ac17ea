"""Tests of ``densebench/data/folder/listing.py``."""

import os

import pytest

from densebench.data.folder.listing import list_folder
from densebench.errors import DatasetError, InputError

SPLIT = {"train/cat": 3, "train/dog": 2, "test/cat": 1, "test/dog": 2}


def test_a_split_folder_is_listed_by_class_in_the_order_of_the_names(image_folder):
    listing = list_folder(image_folder(SPLIT), None)
    assert listing.class_names == ("cat", "dog")
    assert [file.path for file in listing.train] == [
        "train/cat/0000.png",
        "train/cat/0001.png",
        "train/cat/0002.png",
        "train/dog/0000.png",
        "train/dog/0001.png",
    ]
    assert [file.label for file in listing.test] == [0, 1, 1]
    assert (listing.skipped, listing.nested) == ((), ())


def test_a_folder_of_classes_is_split_by_the_fraction_within_each_class(image_folder):
    listing = list_folder(image_folder({"cat": 10, "dog": 20}), 0.3)
    assert [sum(file.label == label for file in listing.test) for label in (0, 1)] == [3, 6]
    assert [sum(file.label == label for file in listing.train) for label in (0, 1)] == [7, 14]
    assert not {file.path for file in listing.train} & {file.path for file in listing.test}


def test_a_new_image_moves_no_other_from_train_to_test_and_back(image_folder):
    folder = image_folder({"cat": 20, "dog": 20})
    before = {file.path for file in list_folder(folder, 0.5).test}
    (folder / "cat" / "0000.png").rename(folder / "cat" / "new.png")
    after = {file.path for file in list_folder(folder, 0.5).test}
    assert len(before ^ after) <= 2


def test_files_of_other_kinds_are_skipped_and_counted(image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / "cat" / ".hidden.png").write_bytes(b"")
    (folder / "train" / "cat" / "notes.txt").write_text("no image")
    (folder / "train" / "cat" / "folder.png").mkdir()
    (folder / "test" / "README").write_text("no class")
    (folder / "test" / ".git").mkdir()
    os.mkfifo(folder / "test" / "dog" / "pipe.png")
    listing = list_folder(folder, None)
    assert len(listing.skipped) == 6
    assert len(listing.train) == 5


def test_suffixes_may_be_in_capitals(image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / "cat" / "0000.png").rename(folder / "train" / "cat" / "0000.PNG")
    assert len(list_folder(folder, None).train) == 5


def test_a_link_within_the_folder_is_followed(image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / "cat" / "link.png").symlink_to("../dog/0000.png")
    (folder / "train" / "ox").symlink_to("dog")
    (folder / "test" / "ox").symlink_to("dog")
    listing = list_folder(folder, None)
    assert len(listing.train) == 8
    assert listing.class_names == ("cat", "dog", "ox")


def test_the_folder_itself_may_be_a_link(image_folder, tmp_path):
    (tmp_path / "link").symlink_to(image_folder(SPLIT))
    assert len(list_folder(tmp_path / "link", None).train) == 5


@pytest.mark.parametrize("what", ["train/cat/link.png", "train/ox", "train/cat/zero.png"])
def test_a_link_that_leaves_the_folder_is_refused(what, image_folder, tmp_path):
    outside = image_folder({"cat": 1, "dog": 1}, name="outside")
    target = {"train/cat/link.png": outside / "cat" / "0000.png", "train/ox": outside / "cat"}.get(what, "/dev/zero")
    folder = image_folder(SPLIT)
    (folder / what).symlink_to(target)
    with pytest.raises(DatasetError, match=rf"The link '.*{what}' leads out of the image folder"):
        list_folder(folder, None)


def test_a_split_that_is_a_link_out_of_the_folder_is_refused(image_folder, tmp_path):
    outside = image_folder({"cat": 1, "dog": 1}, name="outside")
    folder = image_folder({"train/cat": 1, "train/dog": 1})
    (folder / "test").symlink_to(outside)
    with pytest.raises(DatasetError, match="leads out of the image folder"):
        list_folder(folder, None)


@pytest.mark.parametrize("target", ["link.png", "nowhere.png"])
def test_a_link_to_nothing_is_named(target, image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / "cat" / "link.png").symlink_to(target)
    with pytest.raises(DatasetError, match=r"link.png' is a link to nothing"):
        list_folder(folder, None)


@pytest.mark.parametrize(
    ("parts", "fraction", "error", "message"),
    [
        ({"train/cat": 1, "train/dog": 1}, None, DatasetError, "has a folder 'train' but none called 'test'"),
        (
            {"train/cat": 1, "train/dog": 1, "val/cat": 1},
            None,
            DatasetError,
            "but none called 'test': add it, or rename 'val' to 'test'",
        ),
        ({"test/cat": 1, "test/dog": 1}, None, DatasetError, "has a folder 'test' but none called 'train'"),
        (
            {"cat": 1, "dog": 1},
            None,
            InputError,
            "has no folders 'train' and 'test': add them, or give --test-fraction",
        ),
        (SPLIT, 0.5, InputError, "--test-fraction does not fit"),
        ({"cat": 3, "dog": 1}, 0.5, InputError, "of the 1 images of class 'dog' leaves none for test"),
        ({"cat": 3, "dog": 1}, 0.9, InputError, "leaves none for train"),
        ({"train/cat": 1, "test/cat": 1}, None, DatasetError, "has only the class 'cat'"),
        ({"train/cat": 1, "train/dog": 1, "test/cat": 1, "test/ox": 1}, None, DatasetError, "Class 'dog' of"),
        (
            {"train/cat": 1, "train/dog": 0, "test/cat": 1, "test/dog": 1},
            None,
            DatasetError,
            "has no image file: add some or remove it",
        ),
        ({"train": 0, "test": 0}, None, DatasetError, "has no class"),
    ],
)
def test_a_folder_that_is_no_dataset_is_refused_in_one_sentence(parts, fraction, error, message, image_folder):
    with pytest.raises(error, match=message) as raised:
        list_folder(image_folder(parts), fraction)
    assert "\n" not in str(raised.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no folder '.*/nowhere'"):
        list_folder(tmp_path / "nowhere", None)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", b"\xff".decode("utf-8", "surrogateescape")])
def test_a_class_whose_name_cannot_be_printed_is_refused(name, image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / name).mkdir()
    with pytest.raises(DatasetError, match="has a name that cannot be printed") as raised:
        list_folder(folder, None)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.jfif", "a.webp", "a.bmp", "a.gif", "A.GIF"])
def test_every_format_is_known_by_its_name(name, image_folder):
    folder = image_folder(SPLIT)
    (folder / "train" / "cat" / "0000.png").rename(folder / "train" / "cat" / name)
    assert len(list_folder(folder, None).train) == 5


def test_images_in_folders_within_a_class_are_counted_however_deep(image_folder):
    folder = image_folder({**SPLIT, "train/dog/more": 2, "train/dog/more/deep": 1, "train/dog/empty": 0})
    (folder / "train" / "dog" / "more" / "notes.txt").write_text("no image")
    listing = list_folder(folder, None)
    assert listing.nested == (
        "train/dog/more/0000.png",
        "train/dog/more/0001.png",
        "train/dog/more/deep/0000.png",
    )
    assert listing.skipped == ("train/dog/empty",)
    assert len(listing.train) == 5


def test_a_class_whose_images_all_lie_in_its_folders_is_refused_with_the_advice(image_folder):
    with pytest.raises(DatasetError, match="has no image file directly in it, but 3 in its folders: move them into it"):
        list_folder(image_folder({"train/cat": 1, "train/dog/more": 3, "test/cat": 1, "test/dog": 1}), None)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val", "VALIDATION"])
def test_a_validation_folder_beside_train_and_test_is_a_split(name, image_folder):
    listing = list_folder(image_folder({**SPLIT, f"{name}/cat": 2, f"{name}/dog": 1}), None)
    assert [(file.path, file.label) for file in listing.validation] == [
        (f"{name}/cat/0000.png", 0),
        (f"{name}/cat/0001.png", 0),
        (f"{name}/dog/0000.png", 1),
    ]
    assert listing.validation_folder == name
    assert len(listing.train) == 5


def test_validation_must_have_the_same_classes(image_folder):
    with pytest.raises(DatasetError, match=r"Class 'dog' of '.*' is in 'train' but not in 'val'"):
        list_folder(image_folder({**SPLIT, "val/cat": 1, "val/ox": 1}), None)


def test_a_class_may_be_called_val_where_there_is_no_split(image_folder):
    assert list_folder(image_folder({"val": 4, "cat": 4}), 0.5).class_names == ("cat", "val")


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def test_class_names_in_two_unicode_forms_are_one_class(image_folder):
    parts = {f"train/{COMPOSED}": 1, "train/dog": 1, f"test/{DECOMPOSED}": 1, "test/dog": 1}
    listing = list_folder(image_folder(parts), None)
    assert listing.class_names == (COMPOSED, "dog")
    assert [file.label for file in listing.test] == [0, 1]
    assert (listing.root / listing.test[0].path).is_file()


def test_classes_are_in_the_order_of_their_composed_names(image_folder):
    parts = {f"{split}/{name}": 1 for split, e in (("train", "\u00e9"), ("test", "e\u0301")) for name in ("f", e)}
    listing = list_folder(image_folder(parts), None)
    assert listing.class_names == ("f", "\u00e9")
    assert [file.path for file in listing.test] == ["test/f/0000.png", "test/e\u0301/0000.png"]


def test_two_classes_that_differ_in_their_unicode_form_alone_are_refused(image_folder):
    parts = {f"train/{COMPOSED}": 1, f"train/{DECOMPOSED}": 1, "test/a": 1, "test/b": 1}
    with pytest.raises(DatasetError, match="two classes of one name in different Unicode forms") as raised:
        list_folder(image_folder(parts), None)
    assert ascii(COMPOSED) in str(raised.value)
    assert ascii(DECOMPOSED) in str(raised.value)


def test_the_split_by_fraction_is_the_same_in_both_unicode_forms(image_folder):
    one, other = (
        list_folder(image_folder({name: 12, "dog": 12}, name=f"folder-{len(name)}"), 0.5)
        for name in (COMPOSED, DECOMPOSED)
    )
    assert [file.path.split("/")[1] for file in one.test] == [file.path.split("/")[1] for file in other.test]
