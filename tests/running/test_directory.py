import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from densebench.config import RunConfig, from_json
from densebench.errors import InputError, ResultsError
from densebench.results import csv_file
from densebench.running import directory as run_directories
from densebench.running.directory import (
    choose_names,
    claim,
    has_begun,
    keep_log,
    mark_begun,
    remove_abandoned,
    run_directory,
    store_recipe,
)
from densebench.running.directory_lock import lock_directory
from densebench.running.run_file import RunFile
from densebench.schedules import extend

CONFIG = RunConfig(variant="100x12", run="a")


def begin(config=CONFIG, *, numbered=True):
    """Make a run's directory and begin the run; returns its configuration."""
    with claim(config, numbered=numbered) as named:
        mark_begun(run_directory(named.runs_dir, named.run))
    return named


def kill_while_starting(*, write_row=True):
    """A process that claims run ``a`` and dies before it begins."""
    child = os.fork()
    if child == 0:
        with claim(CONFIG, numbered=False):
            if write_row:
                RunFile.open(CONFIG, "train")
            os._exit(9)
    os.waitpid(child, 0)
    (run_directory("runs", "a") / "lock").write_text("1\n")


def test_all_who_claim_at_once_get_different_names(in_tmp):
    with ThreadPoolExecutor(8) as pool:
        names = [config.run for config in pool.map(lambda _: begin(), range(40))]
    assert len(set(names)) == 40
    assert all((in_tmp / "runs" / name / "config.json").exists() for name in names)
    assert not [name for name in os.listdir("runs") if name.startswith(".")]


def test_who_shares_results_alone_gets_a_name_of_its_own_too(in_tmp):
    configs = [RunConfig(variant="100x12", run="a", runs_dir=f"runs{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        names = [config.run for config in pool.map(begin, configs)]
    assert len(set(names)) == 8
    assert sorted(os.listdir("results")) == sorted(f"{name}.csv" for name in names)
    assert all(len(os.listdir(config.runs_dir)) == 1 for config in configs)


def test_a_named_run_whose_file_was_made_in_between_is_refused_and_leaves_that_file(in_tmp, monkeypatch):
    other = RunConfig(variant="resnet20", run="a", runs_dir="elsewhere")
    make = run_directories._make

    def make_late(directory, config):
        if config == CONFIG:
            begin(other)
        return make(directory, config)

    monkeypatch.setattr(run_directories, "_make", make_late)
    with pytest.raises(InputError, match="already a run named 'a'"):
        begin(numbered=False)
    assert os.listdir("runs") == []
    assert csv_file.read("results/a.csv")[0].variant == "resnet20"


def test_a_directory_that_a_kill_left_empty_can_be_claimed(in_tmp):
    (in_tmp / "runs" / "a").mkdir(parents=True)
    assert begin().run == "a"


def test_a_runs_directory_that_is_a_file_is_named(in_tmp):
    (in_tmp / "runs").write_text("")
    with pytest.raises(ResultsError, match="--runs-dir"):
        begin()


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "a\0b", "-option", "a" * 200])
def test_a_run_name_cannot_leave_its_directory(name):
    with pytest.raises(InputError, match="file name"):
        run_directory("runs", name)


def test_a_run_that_does_not_begin_leaves_nothing_and_its_name_is_free(in_tmp):
    with claim(CONFIG, numbered=False) as config:
        RunFile.open(config, "train")
        assert not has_begun(run_directory("runs", "a"))
    assert (os.listdir("runs"), os.listdir("results")) == ([], [])
    assert begin(numbered=False).run == "a"


def test_a_run_that_has_begun_is_kept(in_tmp):
    begin()
    assert has_begun(run_directory("runs", "a"))
    assert os.listdir("runs") == ["a"]


@pytest.mark.parametrize("write_row", [False, True])
def test_a_run_killed_before_it_began_is_removed_by_the_next_start(in_tmp, write_row):
    kill_while_starting(write_row=write_row)
    assert os.listdir("runs") == ["a"]
    begin(RunConfig(variant="100x12", run="b"))
    assert (os.listdir("runs"), os.listdir("results")) == (["b"], ["b.csv"])


@pytest.mark.parametrize("write_row", [False, True])
def test_the_same_start_again_gets_the_name_of_a_run_killed_before_it_began(in_tmp, write_row):
    kill_while_starting(write_row=write_row)
    assert choose_names([(CONFIG, False)]) == ["a"]
    assert begin(numbered=False).run == "a"


def test_a_run_that_is_starting_is_left_alone_by_other_starts(in_tmp):
    with claim(CONFIG, numbered=False):
        begin(RunConfig(variant="100x12", run="b"))
        assert sorted(os.listdir("runs")) == ["a", "b"]


def test_a_run_whose_starter_is_dead_but_whose_process_lives_is_left_alone(in_tmp):
    kill_while_starting()
    with lock_directory(run_directory("runs", "a")):
        begin(RunConfig(variant="100x12", run="b"))
    assert sorted(os.listdir("runs")) == ["a", "b"]


def test_epochs_in_the_row_keep_a_run_that_seems_abandoned(in_tmp, trained):
    kill_while_starting()
    csv_file.write(trained(seed=0), "results/a.csv")
    remove_abandoned(in_tmp / "runs")
    assert os.listdir("runs") == ["a"]


def test_what_a_kill_left_of_a_directory_in_the_making_is_removed(in_tmp, monkeypatch):
    monkeypatch.setattr(run_directories, "_LONG_AGO", -1.0)
    (in_tmp / "runs" / ".new-1234").mkdir(parents=True)
    begin()
    assert os.listdir("runs") == ["a"]


def test_half_written_files_of_other_runs_are_removed_unless_they_are_in_use(in_tmp):
    for name in [begin().run for _ in range(2)]:
        (run_directory("runs", name) / ".12.model.keras").write_text("")
    with lock_directory(run_directory("runs", "a")):
        remove_abandoned(in_tmp / "runs")
    assert (in_tmp / "runs/a/.12.model.keras").exists()
    assert not (in_tmp / "runs/a-2/.12.model.keras").exists()


def test_the_names_that_runs_would_get_are_those_that_they_get(in_tmp):
    begin()
    assert choose_names([(CONFIG, True), (CONFIG, True)]) == ["a-2", "a-3"]
    assert [begin().run, begin().run] == ["a-2", "a-3"]
    with pytest.raises(InputError, match="already a run named 'a'"):
        choose_names([(CONFIG, False)])


def test_results_that_cannot_be_written_are_named_before_a_run_has_a_directory(in_tmp):
    (in_tmp / "results").write_text("")
    with pytest.raises(ResultsError, match="--results-dir"):
        begin()
    assert not (in_tmp / "runs" / "a").exists()


def test_the_log_of_a_run_that_does_not_begin_is_kept_beside_it(in_tmp):
    with claim(CONFIG, numbered=False) as config:
        directory = run_directory("runs", config.run)
        assert keep_log(directory) is None
        (directory / "log.txt").write_text("a traceback")
        assert keep_log(directory).read_text() == "a traceback"
    assert os.listdir("runs") == ["failed-start.log"]


def test_a_resumed_run_with_more_epochs_is_stored_as_such(in_tmp):
    config = begin()
    longer = dataclasses.replace(
        config, recipe=extend(config.recipe, epochs=400, finished=300, rule="hold"), resume=True
    )
    store_recipe(longer)
    stored = from_json((in_tmp / "runs" / "a" / "config.json").read_text())
    assert stored == dataclasses.replace(longer, resume=False)
