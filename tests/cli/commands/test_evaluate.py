import json
import subprocess
import sys

import pytest

from densebench.cli.app import run
from densebench.results import store


def test_a_run_is_evaluated_from_its_own_data_to_its_own_accuracy(in_trained, capfd, tmp_path):
    (trained,) = store.read_all(["results"])
    results = ["--results-dir", str(tmp_path)]
    assert run(["eval", trained.run, *results, "--format", "json", "--plot", str(tmp_path / "confusion.png")]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["kind"] == "evaluation"
    (evaluated,) = store.read_all([tmp_path])
    assert (evaluated.phase, evaluated.source) == ("eval", trained.run)
    assert evaluated.records[0].test_accuracy == trained.records[-1].test_accuracy
    assert evaluated.records[0].test_loss == pytest.approx(trained.records[-1].test_loss, rel=1e-6)
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_an_evaluation_that_cannot_begin_leaves_no_row_and_says_why(in_trained, tmp_path, capfd):
    (in_trained / "torn.keras").write_bytes(b"PK\x03\x04 torn")
    arguments = ["eval", "torn.keras", "--dataset", "digits", "--results-dir", str(tmp_path)]
    assert run(arguments) == 2
    assert list(tmp_path.glob("*.csv")) == []
    assert "torn.keras" in capfd.readouterr().err


def read_evaluation(folder):
    (evaluated,) = store.read_all([folder])
    return evaluated


def test_our_own_model_file_gives_the_figures_of_its_run_to_the_last_digit(in_trained, tmp_path):
    (trained,) = store.read_all(["results"])
    model = f"runs/{trained.run}/model.keras"
    data = ["--dataset", "digits", "--image-size", "8", "--test-limit", "50"]
    assert run(["eval", trained.run, "--results-dir", str(tmp_path / "run")]) == 0
    assert run(["eval", model, *data, "--results-dir", str(tmp_path / "file")]) == 0
    of_run, of_file = read_evaluation(tmp_path / "run"), read_evaluation(tmp_path / "file")
    for column in ("test_loss", "test_accuracy", "test_top5_accuracy", "class_accuracy"):
        assert getattr(of_run.records[0], column) == getattr(of_file.records[0], column)
    assert of_run.preprocessing == of_file.preprocessing
    assert of_run.preprocessing.startswith("standardise: (pixel - (")
    assert (of_run.params, of_run.warnings, of_file.warnings) == (of_file.params, None, None)


MAKE_MODELS = """
import keras
from keras import layers
keras.utils.set_random_seed(0)
image = keras.Input((None, None, 3))
kernel = layers.Conv2D(10, 3)
pool = layers.GlobalAveragePooling2D()
keras.Model(image, layers.Softmax()(pool(kernel(image)))).save("plain.keras")
keras.Model(image, layers.Softmax()(pool(kernel(layers.Rescaling(1 / 255)(image))))).save("rescaling.keras")
"""


def test_a_model_of_others_is_given_what_it_takes_and_its_answers_are_probabilities(in_trained, tmp_path):
    """Two models of one function: one takes pixels from 0 to 1, the other any pixels; both any size."""
    subprocess.run([sys.executable, "-c", MAKE_MODELS], check=True, cwd=in_trained, capture_output=True)
    data = ["--dataset", "digits", "--train-limit", "100", "--validation", "30"]
    found = {}
    for name, more in (("plain", ["--preprocess", "zero-one"]), ("rescaling", [])):
        assert run(["eval", f"{name}.keras", *data, *more, "--results-dir", str(tmp_path / name)]) == 0
        found[name] = read_evaluation(tmp_path / name)
    plain, rescaling = found["plain"].records[0], found["rescaling"].records[0]
    assert plain.validation_loss == pytest.approx(rescaling.validation_loss, rel=1e-5)
    assert (plain.test_loss, plain.test_accuracy) == (None, None)
    assert "30 held-out training images" in found["plain"].warnings
    assert found["plain"].preprocessing == "zero-one: pixel / 255"
    assert found["rescaling"].preprocessing == "raw: pixels from 0 to 255, as the model has a Rescaling inside"
