"""Tests of ``densebench/data/folder/splits.py``."""

import pytest

from densebench.data.folder.splits import SplitFolders, find_split_folders
from densebench.errors import DatasetError


@pytest.mark.parametrize(
    ("names", "train", "test", "validation"),
    [
        (["train", "test"], "train", "test", None),
        (["Train", "Test"], "Train", "Test", None),
        (["Training", "Testing", "Validation"], "Training", "Testing", "Validation"),
        (["TRAIN", "test", "valid", "notes"], "TRAIN", "test", "valid"),
        (["train", "val"], "train", None, "val"),
        (["val", "cat"], None, None, None),
    ],
)
def test_splits_are_known_by_the_names_that_people_give_them(names, train, test, validation, tmp_path):
    for name in names:
        (tmp_path / name).mkdir()
    assert find_split_folders(tmp_path) == SplitFolders(train=train, test=test, validation=validation)


def test_a_file_is_no_split(tmp_path):
    (tmp_path / "train").write_text("no folder")
    assert find_split_folders(tmp_path).train is None


@pytest.mark.parametrize(("one", "other"), [("Train", "train"), ("test", "testing"), ("val", "valid")])
def test_two_folders_for_one_split_are_refused(one, other, tmp_path):
    for name in {"train", "test", one, other}:
        (tmp_path / name).mkdir()
    with pytest.raises(DatasetError, match=f"has more than one folder for .*, '{one}' and '{other}'"):
        find_split_folders(tmp_path)
