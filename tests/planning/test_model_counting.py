import pytest

from densebench.errors import InputError
from densebench.models.own.lookup import load
from densebench.models.variants import find
from densebench.planning.model_counting import check_apart, count_apart

MODELS = """
import sys
import keras
print("noise")
print("more noise", file=sys.stderr)

def good(*, classes, image_size):
    return keras.Sequential([
        keras.Input((image_size, image_size, 3)), keras.layers.Flatten(), keras.layers.Dense(classes),
    ])

def bad(*, classes, image_size):
    return keras.layers.Dense(classes)

def dying(*, classes, image_size):
    import os
    os._exit(3)
"""


@pytest.fixture
def model(tmp_path):
    (tmp_path / "models.py").write_text(MODELS)
    return lambda name: load(f"{tmp_path}/models.py:{name}")


def count(variant):
    return count_apart(variant, classes=10, image_size=8, backend="jax")


def test_a_file_of_the_users_folder_is_not_imported_instead_of_a_module(model, in_tmp):
    (in_tmp / "random.py").write_text("raise RuntimeError")
    assert count(model("good")).params == 1930


def test_a_model_is_counted_in_a_process_of_its_own(model):
    found = count(model("good"))
    assert (found.params, found.forward_macs) == (1930, 1920)
    assert [layer.output_shape for layer in found.layers] == [(192,), (10,)]


def test_what_is_wrong_with_a_model_is_the_sentence_of_its_process(model):
    with pytest.raises(InputError, match=r"models\.py:bad returns an object of type Dense instead of a keras\.Model"):
        count(model("bad"))


def test_a_process_that_dies_is_said_in_one_sentence(model):
    with pytest.raises(InputError, match=r"models\.py:dying cannot be built: the process ended with 3"):
        count(model("dying"))


def test_networks_are_checked_in_one_process_whose_log_is_not_shown(model, monkeypatch, capfd):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert check_apart([find("10x4"), model("good")], classes=10, image_size=8) == [[], []]
    assert capfd.readouterr() == ("", "")
