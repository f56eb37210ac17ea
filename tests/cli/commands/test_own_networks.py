"""A user's own network from ``init`` to ``eval``; what is never run: code that only a results file names."""

from contextlib import redirect_stderr

import pytest

from densebench.cli.app import run
from densebench.results import store

MODEL = """
import keras

def build_model(*, classes, image_size):
    image = keras.Input((image_size, image_size, 3))
    x = keras.layers.Conv2D(4, 3, name="stem")(image)
    x = keras.layers.Dropout(0.1, seed=1)(x)
    return keras.Model(image, keras.layers.Dense(classes)(keras.layers.GlobalAveragePooling2D()(x)))
"""
NO_TENSORFLOW = """
import sys

sys.addaudithook(lambda event, what: event == "import" and what[0].startswith("tensorflow.") and open("MARK", "w"))
"""
TRAP = "open('was-run', 'w').close()\n"


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory, tiny):
    """A folder with a file as ``init`` writes it, and a finished run of its network."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch, (folder / "err.txt").open("w") as err, redirect_stderr(err):
        patch.chdir(folder)
        assert run(["init", "mynet.py"]) == 0
        assert run(["train", "mynet.py:mynet", *tiny, "--epochs", "1"]) == 0
    return folder


@pytest.fixture
def started(trained_once, monkeypatch):
    """The test runs inside that folder; the file is as it was again after it."""
    monkeypatch.chdir(trained_once)
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained_once / "cache"))
    file = trained_once / "mynet.py"
    before = file.read_bytes()
    yield trained_once
    file.write_bytes(before)


def test_a_network_of_ones_own_is_trained_continued_evaluated_and_compared(started, tiny, capfd):
    assert "Next: densebench train mynet.py:mynet --dataset digits" in (started / "err.txt").read_text()
    (trained,) = store.read_all(["results"])
    assert (trained.run, trained.variant) == ("mynet-mynet-digits-s0", "mynet.py:mynet")
    assert len(trained.variant_sha256) == 64
    assert trained.params > 40_000
    assert run(["train", "--resume", trained.run, "--epochs", "2"]) == 0
    assert run(["eval", trained.run]) == 0
    assert run(["eval", f"runs/{trained.run}/model.keras", *tiny]) == 0
    own, *evaluated = sorted(store.read_all(["results"]), key=lambda one: one.phase != "train")
    assert len(own.records) == 2
    assert {(one.variant, one.variant_sha256, one.params) for one in evaluated} == {
        ("mynet.py:mynet", own.variant_sha256, own.params)
    }
    assert run(["compare", "results"]) == 0


def test_after_the_file_has_changed_a_run_is_neither_continued_nor_evaluated(started, capfd):
    file = started / "mynet.py"
    file.write_text(f"{TRAP}{file.read_text()}")
    for command in (["train", "--resume", "mynet-mynet-digits-s0", "--epochs", "3"], ["eval", "mynet-mynet-digits-s0"]):
        capfd.readouterr()
        assert run(command) == 2
        assert "mynet.py has changed since the run was started" in capfd.readouterr().err
    assert not (started / "was-run").exists()


def test_another_file_on_the_command_line_is_another_network_and_is_named_so(started, capfd):
    file = started / "mynet.py"
    file.write_text(file.read_text().replace("range(4)", "range(3)"))
    assert run(["train", "mynet.py:mynet", "--resume", "mynet-mynet-digits-s0", "--epochs", "3"]) == 2
    assert "cannot be resumed with other settings (variant_sha256 " in capfd.readouterr().err


def test_no_code_is_run_for_a_results_file(started, capfd):
    (started / "mynet.py").rename(started / "moved.py")
    (started / "mynet.py").write_text(TRAP)
    results = "results/mynet-mynet-digits-s0.csv"
    for command in (["eval", results], ["train", "--resume", results, "--epochs", "3"]):
        capfd.readouterr()
        assert run(command) == 2
        assert "network mynet.py:mynet is code, which is run only for a run that is named" in capfd.readouterr().err
    assert run(["compare", "results", "--published"]) == 0
    assert run(["train", "resnet20", "--dataset", "digits", "--dry-run"]) == 0
    assert run(["plan", "resnet20", "--dataset", "digits", "--within", "1s"]) == 0
    assert not (started / "was-run").exists()


def test_a_keras_model_is_trained_as_plain_alike_each_time_and_continued(in_tmp, tiny, monkeypatch, capfd):
    (in_tmp / "models.py").write_text(MODEL)
    (in_tmp / "site").mkdir()
    (in_tmp / "site" / "sitecustomize.py").write_text(NO_TENSORFLOW.replace("MARK", str(in_tmp / "loaded")))
    monkeypatch.setenv("PYTHONPATH", str(in_tmp / "site"))
    command = ["train", "models.py:build_model", *tiny]
    assert run([*command, "--epochs", "2", "--run", "whole"]) == 0
    assert run([*command, "--epochs", "2", "--run", "again"]) == 0
    whole, again = sorted(store.read_all(["results"]), key=lambda one: one.run, reverse=True)
    assert (whole.implementation, whole.status) == ("plain", "completed")
    assert whole.params == 4 * 28 + 10 * 5
    assert whole.forward_macs == 27 * 4 * 36 + 4 * 10
    assert [one.train_loss for one in whole.records] == [one.train_loss for one in again.records]
    assert run(["train", "--resume", "whole", "--epochs", "3"]) == 0
    assert run(["eval", "whole"]) == 0
    assert run(["train", "models.py:build_model", *tiny, "--implementation", "fast"]) == 2
    assert "models.py:build_model is a keras.Model, which has no fast" in capfd.readouterr().err
    assert (in_tmp / "loaded").exists() == ("jax" not in tiny), "TensorFlow is loaded for itself alone"
