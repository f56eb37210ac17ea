import errno
import os
from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench.data.identity import identify
from densebench.errors import InputError, RunFailed
from densebench.models.own.lookup import load
from densebench.planning.networks import choose_network
from densebench.records import EpochRecord
from densebench.training.checkpoints import checkpoint
from densebench.training.model_files.export import load_model, save_model


@pytest.fixture
def saved(build, config, dataset, tmp_path):
    trainee = build()
    for variable in trainee.model.variables:
        variable.assign(np.random.default_rng(len(variable.path)).uniform(0.5, 1.0, variable.shape).astype(np.float32))
    save_model(trainee.model, config, identify(dataset), tmp_path / "model.keras")
    return trainee.model


def test_a_saved_model_answers_as_the_trained_one_did(saved, tmp_path):
    x = np.random.default_rng(0).standard_normal((4, 8, 8, 3), dtype=np.float32)
    expected = keras.ops.convert_to_numpy(saved(x, training=False))
    answers = keras.ops.convert_to_numpy(load_model(tmp_path / "model.keras")(x, training=False))
    np.testing.assert_allclose(answers, expected, rtol=1e-6)


BRANCHES = """
def net(nn, image, *, classes):
    short = nn.conv(image, 4, 3)
    long = nn.conv(nn.relu(nn.conv(image, 3, 1)), 4, 3)
    other = nn.conv(image, 4, 3)
    return nn.dense(nn.global_average_pool(nn.add(nn.add(other, long), short)), classes)
"""


def test_a_network_that_calls_its_branches_in_any_order_is_saved_and_evaluated_with_each_layers_own_weights(
    build, config, dataset, facts, tmp_path
):
    (tmp_path / "nets.py").write_text(BRANCHES)
    own = choose_network(config, load(f"{tmp_path}/nets.py:net"))
    x = np.random.default_rng(0).standard_normal((4, 8, 8, 3), dtype=np.float32)
    trainee = build(own, implementation="fast")
    expected = keras.ops.convert_to_numpy(trainee.model(x, training=False))
    save_model(trainee.model, own, identify(dataset), tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loaded(x, training=False)), expected, rtol=1e-5)
    records = [EpochRecord(epoch=1)]
    checkpoint.save(tmp_path, trainee, config=own, facts=facts, data=identify(dataset), records=records)
    plain = build(replace(own, seed=1), implementation="plain").model
    checkpoint.load_weights(tmp_path, plain)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(plain(x, training=False)), expected, rtol=1e-5)


def test_saving_returns_the_files_size_and_leaves_nothing_else(saved, config, dataset, tmp_path):
    size = save_model(saved, config, identify(dataset), tmp_path / "model.keras")
    assert size == (tmp_path / "model.keras").stat().st_size
    assert os.listdir(tmp_path) == ["model.keras"]


def test_a_failed_save_leaves_the_old_file(saved, config, dataset, tmp_path, monkeypatch):
    whole = (tmp_path / "model.keras").read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFailed, match="No space left on device"):
        save_model(saved, config, identify(dataset), tmp_path / "model.keras")
    assert (tmp_path / "model.keras").read_bytes() == whole
    assert os.listdir(tmp_path) == ["model.keras"]


def test_a_missing_file_is_called_missing(tmp_path):
    with pytest.raises(InputError, match="There is no model file"):
        load_model(tmp_path / "none.keras")


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5", "model.weights.h5"])
def test_legacy_files_are_refused_unopened(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(InputError, match="legacy HDF5"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("keep", [0, 1, 1000, -1])
def test_a_truncated_file_is_called_incomplete(saved, tmp_path, keep):
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[:keep])
    with pytest.raises(InputError, match=r"complete \.keras|cannot be loaded"):
        load_model(tmp_path / "cut.keras")


def test_a_model_that_brings_code_is_refused(facts, tmp_path):
    image = keras.Input((8, 8, 3))
    model = keras.Model(
        image, keras.layers.Dense(6)(keras.layers.Flatten()(keras.layers.Lambda(lambda x: x + 1)(image)))
    )
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match=r"cannot be loaded as a Keras model \(.+\): give a model.keras of a run\."):
        load_model(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match=r"\): evaluate its run\."):
        load_model(tmp_path / "lambda.keras", "evaluate its run")


def test_a_model_of_something_else_is_refused(facts, tmp_path):
    image = keras.Input((28, 28, 1))
    keras.Model(image, keras.layers.Dense(6)(keras.layers.Flatten()(image))).save(tmp_path / "grey.keras")
    with pytest.raises(InputError, match="square colour images"):
        load_model(tmp_path / "grey.keras")
