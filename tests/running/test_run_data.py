import dataclasses
from pathlib import Path

import pytest

from densebench.config import DataConfig, RunConfig
from densebench.data import datasets
from densebench.data.identity import SplitIdentity, identify
from densebench.errors import InputError
from densebench.records import EpochRecord, Run
from densebench.results import csv_file
from densebench.running import run_data
from densebench.running.run_data import require_same_data

DATA = DataConfig(dataset="synthetic", image_size=4, classes=3, train_limit=9, test_limit=6)
CONFIG = RunConfig(variant="resnet20", run="a", data=DATA)
PURPOSE = "cannot be resumed"


@pytest.fixture
def dataset():
    return datasets.load(DATA)


def remember(monkeypatch, identity):
    monkeypatch.setattr(run_data, "read_identity", lambda directory: identity)


def written(**changes):
    csv_file.write(Run(run="a", variant="resnet20", **changes), Path("results/a.csv"))


def test_a_run_on_its_own_data_is_let_through(in_tmp, monkeypatch, dataset):
    remember(monkeypatch, identify(dataset))
    assert require_same_data(CONFIG, dataset, purpose=PURPOSE) is None


def test_what_changed_is_said_in_one_sentence(in_tmp, monkeypatch, dataset):
    then = dataclasses.replace(
        identify(dataset), class_names=("class 0", "class 1", "cow"), test=SplitIdentity(images=8, sha256="a")
    )
    remember(monkeypatch, then)
    with pytest.raises(InputError) as raised:
        require_same_data(CONFIG, dataset, purpose=PURPOSE)
    assert str(raised.value) == (
        "Run 'a' cannot be resumed, because its data have changed (class 'cow' became 'class 2', "
        "test images changed (8 -> 6)): restore the data, or start a new run."
    )


def test_a_checkpoint_of_before_leaves_the_hash_in_the_row(in_tmp, monkeypatch, dataset):
    remember(monkeypatch, None)
    written(dataset_sha256=dataset.sha256, records=(EpochRecord(epoch=1),))
    assert require_same_data(CONFIG, dataset, purpose=PURPOSE) is None
    written(dataset_sha256="other", records=(EpochRecord(epoch=1),))
    with pytest.raises(InputError, match="hash"):
        require_same_data(CONFIG, dataset, purpose=PURPOSE)


def test_what_is_not_known_is_not_checked_and_said(in_tmp, dataset):
    assert "was not checked" in str(require_same_data(CONFIG, dataset, purpose=PURPOSE))
    written(dataset_sha256="other")  # it has finished no epoch
    assert "was not checked" in str(require_same_data(CONFIG, dataset, purpose=PURPOSE))
