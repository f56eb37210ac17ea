import sys

import pytest

from densebench.training.backends.hidden_packages import hide_packages


def test_a_hidden_package_cannot_be_imported_and_comes_back(monkeypatch):
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with hide_packages("wave"), pytest.raises(ImportError):
        import wave
    import wave

    assert wave.__name__ == "wave"


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
