import errno
import os

import pytest

from densebench import files


def failing(number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture
def path(tmp_path):
    (tmp_path / "run.csv").write_bytes(b"old")
    return tmp_path / "run.csv"


def test_a_file_is_replaced_and_nothing_else_is_left(path):
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["run.csv"]


def test_a_file_that_is_not_there_yet_is_made_with_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    files.replace(tmp_path / "new.csv", b"")
    assert (tmp_path / "new.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_when_a_step_fails_the_old_file_stays_and_the_new_one_goes(path, monkeypatch, call):
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            files.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["run.csv"]


def test_a_disk_that_takes_a_part_of_the_bytes_gets_the_rest(path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    files.replace(path, b"0123456789")
    assert path.read_bytes() == b"0123456789"


def test_a_disk_that_takes_no_more_bytes_is_full(path, monkeypatch):
    monkeypatch.setattr(os, "write", lambda descriptor, content: 0)
    with pytest.raises(OSError, match="No space left on device"):
        files.replace(path, b"new")
    assert path.read_bytes() == b"old"


def test_the_file_is_synchronised_before_it_is_renamed_and_the_directory_after(path, monkeypatch):
    steps = []

    def recorded(name):
        function = getattr(os, name)

        def call(first, *rest):
            at = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else first
            steps.append((name, "directory" if os.path.isdir(at) else "file"))
            return function(first, *rest)

        return call

    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(name))
    files.replace(path, b"new")
    assert steps == [("write", "file"), ("fsync", "file"), ("replace", "file"), ("fsync", "directory")]


def test_a_file_that_another_library_writes_is_replaced_under_the_suffix_that_it_needs(path):
    with files.replacing(path, suffix=".keras") as temporary:
        assert temporary.name.startswith(".run.csv.")
        assert temporary.suffix == ".keras"
        temporary.write_bytes(b"new")
        files.sync(temporary)
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_two_writers_of_one_file_do_not_meet(path):
    with files.replacing(path) as one, files.replacing(path) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert path.read_bytes() == b"one"
    assert os.listdir(path.parent) == ["run.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_file_alone(path, error):
    def write_half():
        with files.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["run.csv"]


def test_creating_never_overwrites(path):
    with pytest.raises(FileExistsError), files.create(path):
        pass
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_cannot_be_created_whole_goes(tmp_path, error):
    def write_half():
        with files.create(tmp_path / "new.npz") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert os.listdir(tmp_path) == []


def test_what_is_created_is_complete_before_it_is_synchronised(tmp_path, monkeypatch):
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    with files.create(tmp_path / "new.npz") as file:
        file.write(b"12345")
    assert sizes == [5]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_synchronise_a_directory_is_no_failure(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))
    files.sync_directory(tmp_path)


def test_a_directory_that_fails_to_synchronise_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        files.sync_directory(tmp_path)


@pytest.mark.parametrize(
    "left",
    [".run.csv.123.tmp", ".run.csv.0badcafe.tmp", ".run.csv.0badcafe.tmp.keras", ".123.run.csv"],
)
def test_what_a_killed_writer_left_is_removed_under_old_names_too(path, left):
    path.with_name(left).write_bytes(b"half")
    files.remove_stale(path)
    assert os.listdir(path.parent) == ["run.csv"]


@pytest.mark.parametrize(
    "other",
    [".other.csv.123.tmp", ".run.csv.csv.123.tmp", ".run.csv.2.csv.123.tmp", ".run.csv.swp", "run.csv.123.tmp"],
)
def test_what_belongs_to_another_file_stays(path, other):
    path.with_name(other).write_bytes(b"")
    files.remove_stale(path)
    assert sorted(os.listdir(path.parent)) == sorted([other, "run.csv"])


def test_what_a_real_killed_writer_leaves_is_found(path):
    child = os.fork()
    if child == 0:
        with files.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            os._exit(9)
    os.waitpid(child, 0)
    assert len(os.listdir(path.parent)) == 2
    files.remove_stale(path)
    assert os.listdir(path.parent) == ["run.csv"]
    assert path.read_bytes() == b"old"


def test_nothing_is_stale_in_a_directory_that_is_not_there(tmp_path):
    files.remove_stale(tmp_path / "gone" / "run.csv")


def test_what_a_killed_writer_left_in_a_shared_folder_is_removed_when_it_is_old(path):
    for name in (".run.csv.12.tmp", ".folder-abc.npz-x1y2", ".other.12.tmp"):
        path.with_name(name).write_bytes(b"half")
        os.utime(path.with_name(name), (0, 0))
    path.with_name(".run.csv.13.tmp").write_bytes(b"just now")
    files.remove_abandoned(path)
    assert sorted(os.listdir(path.parent)) == [".folder-abc.npz-x1y2", ".other.12.tmp", ".run.csv.13.tmp", "run.csv"]
    files.remove_all_abandoned(path.parent)
    assert sorted(os.listdir(path.parent)) == [".run.csv.13.tmp", "run.csv"]


def test_a_file_that_is_being_written_is_never_removed_however_old_it_is(path):
    with files.replacing(path) as temporary, files.create(temporary) as file:
        os.utime(temporary, (0, 0))
        files.remove_abandoned(path)
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_the_temporary_files_of_a_directory_are_found_and_removed_together(path):
    for name in (".checkpoint.npz.0badcafe.tmp", ".123.model.keras", ".hidden"):
        path.with_name(name).write_bytes(b"")
    assert sorted(file.name for file in files.list_temporary(path.parent)) == [
        ".123.model.keras",
        ".checkpoint.npz.0badcafe.tmp",
    ]
    files.remove_temporary(path.parent)
    assert sorted(os.listdir(path.parent)) == [".hidden", "run.csv"]
