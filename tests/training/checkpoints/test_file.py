import errno
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from densebench.training.checkpoints import file
from densebench.training.checkpoints.file import Contents, Damaged

CONTENTS = Contents(
    description='{"epoch": 3}',
    arrays=(np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, dtype=np.int64), np.zeros((0, 2), np.uint32)),
)
on_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def path(tmp_path):
    file.write(tmp_path / "whole.npz", CONTENTS)
    return tmp_path / "whole.npz"


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def rewritten(path, changes, compression=zipfile.ZIP_STORED):
    """The file with some members' bytes replaced."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()} | changes
    with zipfile.ZipFile(path, "w", compression) as new:
        for name, data in members.items():
            new.writestr(name, data)


def test_what_is_read_is_what_was_written(path):
    contents = file.read(path)
    assert contents.description == CONTENTS.description
    for read, written in zip(contents.arrays, CONTENTS.arrays, strict=True):
        assert (read.dtype, read.shape) == (written.dtype, written.shape)
        assert np.array_equal(read, written)


def test_anyone_can_read_the_arrays_with_numpy(path):
    with np.load(path, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["000000"], CONTENTS.arrays[0])


def test_a_missing_file_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        file.read(tmp_path / "none.npz")


def test_an_existing_file_is_never_written_over(path):
    with pytest.raises(FileExistsError):
        file.write(path, CONTENTS)


@on_one_file
@given(st.data())
def test_any_changed_byte_is_noticed_or_harmless(path, data):
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    other = path.with_name("changed.npz")
    other.write_bytes(changed)
    try:
        contents = file.read(other)
    except Damaged:
        return
    assert contents.description == CONTENTS.description  # a date or an attribute that means nothing
    assert all(np.array_equal(a, b) for a, b in zip(contents.arrays, CONTENTS.arrays, strict=True))


@on_one_file
@given(st.integers(0, 10_000))
def test_a_file_that_was_cut_off_is_noticed(path, length):
    whole = path.read_bytes()
    other = path.with_name("cut.npz")
    other.write_bytes(whole[: length % len(whole)])
    with pytest.raises(Damaged):
        file.read(other)


@on_one_file
@given(st.binary(max_size=300))
def test_any_other_bytes_are_no_checkpoint(tmp_path, data):
    other = tmp_path / "other.npz"
    other.write_bytes(data)
    with pytest.raises(Damaged):
        file.read(other)


def test_a_pickle_inside_is_never_loaded(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    bomb = npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    rewritten(path, {"000000.npy": bomb})
    with pytest.raises(Damaged, match="form that densebench does not write"):
        file.read(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(Damaged):
        file.read(path)
    assert not (tmp_path / "exploded").exists()


def test_an_array_that_claims_more_than_its_bytes_gets_no_memory(path):
    honest = npy(np.zeros(3, np.float32))
    rewritten(path, {"000000.npy": honest.replace(b"(3,)", b"(3000000000000,)").ljust(140, b" ")})
    with pytest.raises(Damaged):
        file.read(path)


def test_a_compressed_bomb_is_refused_before_it_unfolds(path):
    rewritten(path, {"000000.npy": npy(np.zeros(10_000_000, np.float32))}, zipfile.ZIP_DEFLATED)
    with pytest.raises(Damaged, match="compressed"):
        file.read(path)


@pytest.mark.parametrize("change", [{"000003.npy": npy(np.zeros(2))}, {"../outside.npy": npy(np.zeros(2))}])
def test_members_that_do_not_belong_are_noticed(path, change):
    rewritten(path, change)
    with pytest.raises(Damaged):
        file.read(path)


def test_another_array_under_the_old_hash_is_noticed(path):
    rewritten(path, {"000000.npy": npy(np.arange(6, dtype=np.float32).reshape(2, 3) + 1)})
    with pytest.raises(Damaged, match="SHA-256"):
        file.read(path)


def test_a_full_disk_is_an_os_error(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file.write(tmp_path / "new.npz", CONTENTS)
