import sys
from importlib.util import find_spec

import pytest

from densebench.training.backends.hidden_packages import hide_packages


def test_a_hidden_package_cannot_be_imported_and_comes_back(monkeypatch):
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with hide_packages("wave"), pytest.raises(ImportError):
        import wave
    import wave

    assert wave.__name__ == "wave"


def test_to_look_for_a_hidden_package_is_no_error(monkeypatch):
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with hide_packages("wave"):
        assert find_spec("wave").name == "wave"


def test_a_package_that_was_imported_before_stays_visible():
    import json

    with hide_packages("json"):
        import json as again
    assert again is json


def test_packages_come_back_after_an_error_too():
    before = list(sys.meta_path)
    with pytest.raises(ValueError, match="a test"), hide_packages("wave"):
        raise ValueError("a test")
    assert sys.meta_path == before
