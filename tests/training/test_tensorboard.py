import errno
import os
import struct

import pytest

from densebench.errors import RunFailed
from densebench.records import EpochRecord
from densebench.training.tensorboard import EpochLog


def events(folder):
    """TFRecords: length, its checksum, an event, its checksum."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in folder.iterdir():
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            found.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return found


@pytest.fixture
def log(tmp_path, config, facts):
    return EpochLog(tmp_path, config, facts)


def test_an_epochs_figures_are_scalars_under_its_number(log, tmp_path):
    log.add(EpochRecord(epoch=3, train_loss=0.5, test_accuracy=0.25, learning_rate=0.1, host_peak_bytes=2**20))
    log.close()
    scalars = {
        value.tag: (value.simple_value, event.step)
        for event in events(tmp_path)
        for value in event.summary.value
        if not value.tag.startswith("_hparams_")
    }
    assert scalars == {
        "loss/train": (0.5, 3),
        "accuracy/test": (0.25, 3),
        "schedule/learning_rate": (pytest.approx(0.1), 3),
        "memory/host_peak_bytes": (2**20, 3),
    }


def test_an_epoch_is_on_disk_before_the_log_is_closed(log, tmp_path):
    log.add(EpochRecord(epoch=1, train_loss=0.5))
    assert any(value.tag == "loss/train" for event in events(tmp_path) for value in event.summary.value)


def test_a_full_disk_fails_the_run_in_one_sentence(log, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFailed, match="No space left on device"):
        log.add(EpochRecord(epoch=1, train_loss=0.5))


def test_a_directory_that_cannot_be_made_fails_the_run(tmp_path, config, facts):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunFailed, match="cannot be written"):
        EpochLog(tmp_path / "file" / "log", config, facts)


def test_the_hyper_parameters_are_those_that_decide_the_numbers(log, tmp_path):
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    log.close()
    (start,) = [
        value.metadata.plugin_data.content
        for event in events(tmp_path)
        for value in event.summary.value
        if value.tag == "_hparams_/session_start_info"
    ]
    values = HParamsPluginData.FromString(start).session_start_info.hparams
    assert values["variant"].string_value == "10x2"
    assert values["recipe.learning_rate"].number_value == 0.1
    assert "results_dir" not in values
