import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from densebench.config import RunConfig
from densebench.errors import InputError, ResultsError
from densebench.running.directory import claim, lock_directory, run_directory

CONFIG = RunConfig(variant="100x12", run="a")


def test_all_who_claim_at_once_get_different_names(in_tmp):
    with ThreadPoolExecutor(8) as pool:
        names = [config.run for config in pool.map(lambda _: claim(CONFIG, numbered=True), range(40))]
    assert len(set(names)) == 40
    assert all((in_tmp / "runs" / name / "config.json").exists() for name in names)
    assert not [name for name in os.listdir("runs") if name.startswith(".")]


def test_a_directory_that_a_kill_left_empty_can_be_claimed(in_tmp):
    (in_tmp / "runs" / "a").mkdir(parents=True)
    assert claim(CONFIG, numbered=True).run == "a"


def test_a_runs_directory_that_is_a_file_is_named(in_tmp):
    (in_tmp / "runs").write_text("")
    with pytest.raises(ResultsError, match="--runs-dir"):
        claim(CONFIG, numbered=True)


def test_a_directory_has_one_owner_at_a_time(in_tmp):
    directory = run_directory("runs", claim(CONFIG, numbered=True).run)
    with (
        lock_directory(directory),
        pytest.raises(InputError, match=f"in use by process {os.getpid()}"),
        lock_directory(directory),
    ):
        pass
    with lock_directory(directory):
        pass


def test_a_directory_that_takes_no_lock_is_named(in_tmp):
    directory = run_directory("runs", claim(CONFIG, numbered=True).run)
    (directory / "lock").mkdir()
    with pytest.raises(ResultsError, match="cannot be locked"), lock_directory(directory):
        pass


def test_a_run_directory_that_was_removed_is_named(in_tmp):
    with pytest.raises(InputError, match="no run directory"), lock_directory(in_tmp / "runs" / "gone"):
        pass


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "a\0b", "-option", "a" * 200])
def test_a_run_name_cannot_leave_its_directory(name):
    with pytest.raises(InputError, match="file name"):
        run_directory("runs", name)


def test_a_lock_ends_with_its_process_however_it_ends(in_tmp):
    directory = run_directory("runs", claim(CONFIG, numbered=True).run)
    child = os.fork()
    if child == 0:
        with lock_directory(directory):
            os._exit(9)
    os.waitpid(child, 0)
    with lock_directory(directory):
        assert (directory / "lock").read_text() == f"{os.getpid()}\n"
