import dataclasses
import json
import zipfile

import pytest

from densebench.config import DataConfig, RunConfig
from densebench.data import datasets
from densebench.data.identity import identify
from densebench.errors import InputError
from densebench.training.model_files.model_origin import add_origin, describe_origin, read_origin

CONFIG = RunConfig(variant="10x2", run="a", backend="jax", threads=1)


@pytest.fixture
def origin():
    data = DataConfig(dataset="synthetic", image_size=4, classes=3, train_limit=9, test_limit=6)
    return describe_origin(CONFIG, identify(datasets.load(data)))


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", '{"keras_version": "3"}')
        file.writestr("model.weights.h5", b"\x00\x01")
    return path


def test_an_origin_survives_the_file_and_changes_nothing_else_in_it(archive, origin):
    add_origin(archive, origin)
    assert read_origin(archive) == origin
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == ["metadata.json", "model.weights.h5"]
        assert file.read("model.weights.h5") == b"\x00\x01"
        assert json.loads(file.read("metadata.json"))["keras_version"] == "3"


def test_a_file_of_others_has_no_origin(archive, tmp_path):
    assert read_origin(archive) is None
    (tmp_path / "torn.keras").write_bytes(archive.read_bytes()[:20])
    assert read_origin(tmp_path / "torn.keras") is None
    assert read_origin(tmp_path / "none.keras") is None


@pytest.mark.parametrize("change", [{"batch_size": "8"}, {"data": {}}, {"data": None}, {"variant": 1}, {"more": 1}])
def test_an_origin_that_densebench_did_not_write_is_refused(archive, origin, change):
    values = dataclasses.asdict(origin) | change
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("metadata.json", json.dumps({"densebench": values}))
    with pytest.raises(InputError, match="otherwise than densebench does"):
        read_origin(archive)
