"""Tests of ``densebench/data/folder/entries.py``; what is done about links is in ``test_listing.py``."""

import pytest

from densebench.data.folder.entries import normalise, scan
from densebench.errors import DatasetError


def test_names_are_sorted_by_their_composed_form(tmp_path):
    for name in ("f", "e\u0301", "a"):
        (tmp_path / name).write_bytes(b"")
    assert [normalise(entry.name) for entry in scan(tmp_path)] == ["a", "f", "\u00e9"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere' cannot be listed .No such file"):
        list(scan(tmp_path / "nowhere"))
