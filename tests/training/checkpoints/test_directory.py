import dataclasses
import errno
import os
from dataclasses import replace

import numpy as np
import pytest
from backend_facts import FACTS

from densebench.errors import CheckpointError
from densebench.records import EpochRecord
from densebench.training.checkpoints import directory
from densebench.training.checkpoints.description import Description, VariableFacts, to_json
from densebench.training.checkpoints.directory import NEWEST, PREVIOUS, find_newest, replace_newest
from densebench.training.checkpoints.file import Contents

JAX_FACTS = dataclasses.replace(FACTS, name="jax", jit=True, deterministic=True)
VARIABLE = VariableFacts(path="conv/kernel", shape=(2,), dtype="<f4")


def contents(epoch, variable=VARIABLE):
    """A checkpoint of one variable, which holds the number of the epoch."""
    description = Description(
        epoch=epoch,
        deciding_values={"seed": 0},
        facts=JAX_FACTS,
        data=None,
        records=tuple(EpochRecord(epoch=number) for number in range(1, epoch + 1)),
        model_variables=1,
        variables=(variable,),
    )
    return Contents(description=to_json(description), arrays=(np.full(2, epoch, np.float32),))


def test_without_a_checkpoint_there_is_no_newest(tmp_path):
    assert find_newest(tmp_path) is None
    assert directory.file_bytes(tmp_path) is None


def test_the_last_one_is_the_newest_and_the_one_before_it_is_kept(tmp_path):
    for epoch in (1, 2, 3):
        replace_newest(tmp_path, contents(epoch))
    found = find_newest(tmp_path)
    assert (found.description.epoch, found.arrays[0][0], found.notices) == (3, 3, ())
    assert sorted(os.listdir(tmp_path)) == sorted([NEWEST, PREVIOUS])
    (tmp_path / NEWEST).unlink()
    assert find_newest(tmp_path).description.epoch == 2


def test_a_damaged_newest_is_named_and_the_previous_one_used(tmp_path):
    replace_newest(tmp_path, contents(1))
    replace_newest(tmp_path, contents(2))
    (tmp_path / NEWEST).write_bytes(b"torn")
    found = find_newest(tmp_path)
    assert found.description.epoch == 1
    assert found.notices[0].startswith(f"{tmp_path / NEWEST} cannot be read")
    assert found.notices[0].endswith(": continuing from epoch 1 instead.")


def test_a_description_of_other_arrays_is_damage(tmp_path):
    replace_newest(tmp_path, contents(1, replace(VARIABLE, shape=(3,))))
    with pytest.raises(CheckpointError, match=r"describes other arrays than it holds: no checkpoint is left"):
        find_newest(tmp_path)


def test_a_damaged_one_that_was_set_aside_does_not_become_the_previous_one(tmp_path):
    replace_newest(tmp_path, contents(1))
    replace_newest(tmp_path, contents(2))
    (tmp_path / NEWEST).write_bytes(b"torn")
    directory.set_damaged_aside(tmp_path)
    replace_newest(tmp_path, contents(3))
    (tmp_path / NEWEST).unlink()
    assert find_newest(tmp_path).description.epoch == 1


def test_a_write_that_fails_leaves_the_newest_and_no_temporary_file(tmp_path, monkeypatch):
    replace_newest(tmp_path, contents(1))

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            replace_newest(tmp_path, contents(2))
    assert find_newest(tmp_path).description.epoch == 1
    assert os.listdir(tmp_path) == [NEWEST]


def test_a_file_system_that_cannot_synchronise_a_directory_still_takes_checkpoints(tmp_path, monkeypatch):
    fsync = os.fsync

    def on_files_alone(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", on_files_alone)
    replace_newest(tmp_path, contents(1))
    assert find_newest(tmp_path).description.epoch == 1


def test_the_advice_depends_on_what_is_left(tmp_path):
    assert directory.advise(tmp_path) == "make room there, then continue with --resume."
    replace_newest(tmp_path, contents(1))
    assert directory.advise(tmp_path).endswith("; the previous checkpoint remains.")
    assert directory.advise(tmp_path / "gone").endswith("so start a new run.")
