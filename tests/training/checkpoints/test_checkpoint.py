import errno
import os
from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench import files
from densebench.data.identity import identify
from densebench.errors import CheckpointError, InputError, NonFiniteLoss
from densebench.records import EpochRecord
from densebench.training.checkpoints import checkpoint, directory, file
from densebench.training.checkpoints.description import to_json
from densebench.training.checkpoints.directory import NEWEST, PREVIOUS, find_newest

RECORDS = [EpochRecord(epoch=1, test_accuracy=0.5, gpu_memory_source="none"), EpochRecord(epoch=2, test_accuracy=0.75)]


def values(trainee):
    variables = [*trainee.model.variables, *trainee.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture
def scrambled(build):
    """A network that is nowhere near its initial state."""

    def scrambled(seed=0):
        trainee = build()
        random = np.random.default_rng(seed)
        for variable in [*trainee.model.variables, *trainee.optimizer.variables]:
            if variable.dtype == "float32":
                variable.assign(random.uniform(0.5, 1.5, variable.shape).astype(np.float32))
        return trainee

    return scrambled


@pytest.fixture
def save(tmp_path, config, facts, dataset):
    def save(trainee, epochs, changed=config):
        checkpoint.save(
            tmp_path, trainee, config=changed, facts=facts, data=identify(dataset), records=RECORDS[:epochs]
        )

    return save


@pytest.fixture
def restore(tmp_path, config, facts):
    def restore(trainee, changed=config, now=facts):
        return checkpoint.restore(tmp_path, trainee, config=changed, facts=now)

    return restore


def test_a_restored_network_is_the_saved_one_with_its_epochs(scrambled, build, save, restore):
    trainee, other = scrambled(), build()
    save(trainee, 2)
    found = restore(other)
    assert same(values(other), values(trainee))
    assert found.description.records == tuple(RECORDS)
    assert (found.description.epoch, found.notices) == (2, ())


def test_without_a_checkpoint_there_is_nothing_to_restore(build, restore):
    assert restore(build()) is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn"])
def test_a_damaged_newest_falls_back_to_the_one_before_and_says_so(scrambled, build, save, restore, tmp_path, damage):
    first = scrambled(1)
    save(first, 1)
    save(scrambled(2), 2)
    (tmp_path / NEWEST).write_bytes(damage)
    other = build()
    found = restore(other)
    assert same(values(other), values(first))
    assert found.description.epoch == 1
    assert "checkpoint.npz" in found.notices[0]
    assert "from epoch 1" in found.notices[0]


def test_after_a_fallback_the_next_save_does_not_push_out_the_good_one(
    scrambled, build, save, restore, tmp_path, monkeypatch
):
    save(scrambled(1), 1)
    save(scrambled(2), 2)
    (tmp_path / NEWEST).write_bytes(b"torn")
    trainee = build()
    restore(trainee)
    monkeypatch.setattr(os, "replace", failing_at(2, os.replace))
    with pytest.raises(CheckpointError):
        save(trainee, 2)
    monkeypatch.undo()
    assert restore(build()).description.epoch == 1


def test_when_none_is_left_the_run_is_refused_with_the_reason(scrambled, build, save, restore, tmp_path):
    save(scrambled(), 1)
    save(scrambled(), 2)
    for name in (NEWEST, PREVIOUS):
        (tmp_path / name).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match=r"checkpoint.npz .*checkpoint-previous.npz .*start a new run"):
        restore(build())


def test_another_configuration_is_refused_with_the_difference(config, scrambled, build, save, restore):
    save(scrambled(), 1)
    other = replace(config, seed=3, recipe=replace(config.recipe, learning_rate=0.2), results_dir="elsewhere")
    with pytest.raises(InputError) as refusal:
        restore(build(), other)
    assert "recipe.learning_rate 0.1, not 0.2; seed 0, not 3" in str(refusal.value)
    assert "elsewhere" not in str(refusal.value)


def test_another_machine_is_reported_but_not_refused(facts, scrambled, build, save, restore):
    save(scrambled(), 1)
    found = restore(build(), now=replace(facts, threads=facts.threads + 1))
    assert f"threads {facts.threads}, not {facts.threads + 1}" in found.notices[0]


def test_another_networks_checkpoint_is_refused(config, scrambled, build, save, restore):
    save(scrambled(), 1)
    with pytest.raises(CheckpointError, match="another network"):
        restore(build(replace(config, variant="10x3")))


def test_weights_that_are_not_finite_never_replace_good_ones(scrambled, build, save, restore):
    good, bad = scrambled(1), scrambled(2)
    save(good, 1)
    kernel = bad.model.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    with pytest.raises(NonFiniteLoss, match="epoch 2"):
        save(bad, 2)
    other = build()
    restore(other)
    assert same(values(other), values(good))


def test_a_full_disk_fails_the_run_and_leaves_the_old_checkpoint(
    scrambled, build, save, restore, tmp_path, monkeypatch
):
    good = scrambled(1)
    save(good, 1)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save(scrambled(2), 2)
    monkeypatch.undo()
    other = build()
    assert restore(other).description.epoch == 1
    assert same(values(other), values(good))
    assert sorted(path.name for path in tmp_path.iterdir()) == [NEWEST]


def test_a_directory_that_was_removed_is_named(scrambled, save, tmp_path):
    tmp_path.rmdir()
    with pytest.raises(CheckpointError, match=r"directory was removed.* start a new run\.$"):
        save(scrambled(1), 1)


def test_without_an_older_checkpoint_none_is_said_to_stand(scrambled, save, monkeypatch):
    monkeypatch.setattr(file, "write", failing_at(1, file.write))
    with pytest.raises(CheckpointError, match=r"continue with --resume\.$"):
        save(scrambled(1), 1)


def test_what_cannot_be_read_back_never_replaces_the_old_one(scrambled, build, save, restore, monkeypatch):
    save(scrambled(1), 1)
    write = file.write

    def torn(path, contents):
        write(path, contents)
        os.truncate(path, path.stat().st_size // 2)

    monkeypatch.setattr(file, "write", torn)
    with pytest.raises(CheckpointError, match="what was written cannot be read"):
        save(scrambled(2), 2)
    monkeypatch.undo()
    assert restore(build()).description.epoch == 1


def failing_at(number, function):
    """``function``, which fails when it is called for the ``number``-th time."""
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(errno.EIO, "Input/output error")
        return function(*arguments)

    return fail


@pytest.mark.parametrize("call", range(1, 9))
def test_a_kill_at_any_moment_of_saving_leaves_a_checkpoint_to_be_trusted(
    scrambled, build, save, restore, tmp_path, call
):
    """The child dies at its n-th system call that changes the directory, as from SIGKILL: nothing is cleaned up."""
    first, second = scrambled(1), scrambled(2)
    save(first, 1)
    arrays, description = contents_of(second, tmp_path)
    child = os.fork()
    if child == 0:
        die_at(call)
        directory.replace_newest(tmp_path, file.Contents(description=description, arrays=arrays))
        os._exit(0)
    os.waitpid(child, 0)
    other = build()
    found = restore(other)
    assert same(values(other), values(first if found.description.epoch == 1 else second))
    assert not list(tmp_path.glob(".*.tmp"))


def contents_of(trainee, directory):
    newest = find_newest(directory)
    description = replace(newest.description, epoch=2, records=tuple(RECORDS))
    return tuple(values(trainee)), to_json(description)


def die_at(number):
    calls = []

    def counted(function):
        def call(*arguments, **options):
            calls.append(function)
            if len(calls) == number:
                os._exit(9)
            return function(*arguments, **options)

        return call

    os.fsync = counted(os.fsync)
    os.replace = counted(os.replace)
    files.sync_directory = counted(files.sync_directory)
    file.np.lib.format.write_array = counted_every(np.lib.format.write_array, counted, 40)


def counted_every(function, counted, every):
    """Counts only one call in ``every``: a network has many arrays."""
    once, seen = counted(function), []

    def call(*arguments, **options):
        seen.append(1)
        return (once if len(seen) % every == 1 else function)(*arguments, **options)

    return call


def test_what_a_killed_writer_left_is_removed(build, restore, tmp_path):
    (tmp_path / f".{NEWEST}.123.tmp").write_bytes(b"half")
    restore(build())
    assert list(tmp_path.iterdir()) == []


def test_weights_alone_load_into_a_network_without_its_optimizer(scrambled, build, save, tmp_path):
    trainee, other = scrambled(), build()
    save(trainee, 2)
    checkpoint.load_weights(tmp_path, other.model)
    assert all(
        np.array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))
        for a, b in zip(trainee.model.variables, other.model.variables, strict=True)
    )


def test_loading_weights_needs_a_checkpoint_of_that_network(config, scrambled, build, save, tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load_weights(tmp_path, build().model)
    save(scrambled(), 1)
    with pytest.raises(CheckpointError):
        checkpoint.load_weights(tmp_path, build(replace(config, variant="16x2")).model)


def test_the_newest_ones_size_is_known_once_there_is_one(scrambled, save, tmp_path):
    assert directory.file_bytes(tmp_path) is None
    save(scrambled(), 1)
    assert directory.file_bytes(tmp_path) == (tmp_path / NEWEST).stat().st_size
