import os

import pytest

from densebench.errors import InputError, ResultsError
from densebench.running.directory_lock import is_in_use, lock_directory


@pytest.fixture
def directory(in_tmp):
    path = in_tmp / "runs" / "a"
    path.mkdir(parents=True)
    return path


def test_a_directory_has_one_owner_at_a_time(directory):
    with (
        lock_directory(directory),
        pytest.raises(InputError, match=f"in use by process {os.getpid()}"),
        lock_directory(directory),
    ):
        pass
    with lock_directory(directory):
        pass


def test_a_directory_that_takes_no_lock_is_named(directory):
    (directory / "lock").mkdir()
    with pytest.raises(ResultsError, match="cannot be locked"), lock_directory(directory):
        pass


def test_a_run_directory_that_was_removed_is_named(directory):
    with pytest.raises(InputError, match="no run directory"), lock_directory(directory / "gone"):
        pass


def test_a_lock_ends_with_its_process_however_it_ends(directory):
    child = os.fork()
    if child == 0:
        with lock_directory(directory):
            os._exit(9)
    os.waitpid(child, 0)
    with lock_directory(directory):
        assert (directory / "lock").read_text() == f"{os.getpid()}\n"


def test_a_directory_is_in_use_while_a_process_has_it_locked(directory):
    assert not is_in_use(directory)
    with lock_directory(directory):
        assert is_in_use(directory)
