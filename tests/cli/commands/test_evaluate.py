import json
from contextlib import redirect_stdout

import pytest

from densebench.cli.app import run
from densebench.results import store


def read_evaluation(folder):
    (evaluated,) = store.read_all([folder])
    return evaluated


@pytest.fixture(scope="module")
def evaluated_run(trained_folder, tmp_path_factory):
    """The trained run, its evaluation, and the folder of what that has written and printed."""
    folder = tmp_path_factory.mktemp("evaluation")
    with pytest.MonkeyPatch.context() as patch, (folder / "out.json").open("w") as out, redirect_stdout(out):
        patch.chdir(trained_folder)
        (trained,) = store.read_all(["results"])
        options = ["--results-dir", str(folder), "--format", "json", "--plot", str(folder / "confusion.png")]
        assert run(["eval", trained.run, *options]) == 0
    return trained, read_evaluation(folder), folder


def test_a_run_is_evaluated_from_its_own_data_to_its_own_accuracy(evaluated_run):
    trained, evaluated, folder = evaluated_run
    assert json.loads((folder / "out.json").read_text())["kind"] == "evaluation"
    assert (evaluated.phase, evaluated.source) == ("eval", trained.run)
    assert evaluated.records[0].test_accuracy == trained.records[-1].test_accuracy
    assert evaluated.records[0].test_loss == pytest.approx(trained.records[-1].test_loss, rel=1e-6)
    assert (folder / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_an_evaluation_that_cannot_begin_leaves_no_row_and_says_why(in_trained, quick, tmp_path, capfd):
    (in_trained / "torn.keras").write_bytes(b"PK\x03\x04 torn")
    arguments = ["eval", "torn.keras", "--dataset", "digits", *quick, "--results-dir", str(tmp_path)]
    assert run(arguments) == 2
    assert list(tmp_path.glob("*.csv")) == []
    assert "torn.keras" in capfd.readouterr().err


def test_our_own_model_file_gives_the_figures_of_its_run_to_the_last_digit(in_trained, evaluated_run, quick, tmp_path):
    trained, of_run, _ = evaluated_run
    data = ["--dataset", "digits", "--image-size", "8", "--test-limit", "50"]
    assert run(["eval", f"runs/{trained.run}/model.keras", *data, *quick, "--results-dir", str(tmp_path)]) == 0
    of_file = read_evaluation(tmp_path)
    for column in ("test_loss", "test_accuracy", "test_top5_accuracy", "class_accuracy"):
        assert getattr(of_run.records[0], column) == getattr(of_file.records[0], column)
    assert of_run.preprocessing == of_file.preprocessing
    assert (of_run.train_images, of_file.train_images) == (trained.train_images, None)
    assert of_run.preprocessing.startswith("standardise: (pixel - (")
    assert (of_run.params, of_run.warnings, of_file.warnings) == (of_file.params, None, None)


def make_models(folder):
    """Two models of one function: one takes pixels from 0 to 1, the other any pixels; both any size."""
    import keras
    from keras import layers

    image = keras.Input((None, None, 3))
    kernel = layers.Conv2D(10, 3, kernel_initializer=keras.initializers.GlorotUniform(seed=0))
    pool = layers.GlobalAveragePooling2D()
    for name, pixels in (("plain", image), ("rescaling", layers.Rescaling(1 / 255)(image))):
        keras.Model(image, layers.Softmax()(pool(kernel(pixels)))).save(folder / f"{name}.keras")


def test_a_model_of_others_is_given_what_it_takes_and_its_answers_are_probabilities(in_trained, quick, tmp_path):
    make_models(in_trained)
    data = ["--dataset", "digits", "--train-limit", "100", "--validation", "30", *quick]
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


def test_answers_to_mirror_images_are_averaged_where_asked_and_the_row_says_so(in_trained, quick, tmp_path, capfd):
    make_models(in_trained)
    data = ["--dataset", "synthetic", "--test-limit", "20", "--train-limit", "20", *quick]
    more = ["--preprocess", "raw", "--test-time-flip", "--results-dir", str(tmp_path)]
    assert run(["eval", "plain.keras", *data, *more]) == 0
    assert read_evaluation(tmp_path).preprocessing == (
        "raw: pixels from 0 to 255; the answers to each image and to its mirror image are averaged"
    )
    assert run(["eval", "plain.keras", "--dataset", "digits", *quick, *more]) == 2
    assert "--test-time-flip makes other images of those of digits: leave it out." in capfd.readouterr().err
