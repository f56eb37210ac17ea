import dataclasses

import pytest

from densebench.config import RunConfig
from densebench.errors import ResultsError, RunFailed
from densebench.records import EpochRecord
from densebench.results import csv_file
from densebench.running.run_file import RunFile
from densebench.schedules import extend

CONFIG = RunConfig(variant="resnet20", run="a")


def with_an_epoch(run_file):
    return dataclasses.replace(run_file.run, records=(EpochRecord(epoch=1, test_accuracy=0.5),), first_step_seconds=2.0)


@pytest.fixture
def run_file(in_tmp):
    return RunFile.open(CONFIG, "train")


def test_what_is_entered_is_on_disk(run_file):
    run_file.update(with_an_epoch(run_file))
    assert csv_file.read("results/a.csv") == [run_file.run]


def test_a_resumed_run_goes_on_in_its_row(run_file):
    run_file.update(with_an_epoch(run_file))
    resumed = RunFile.open(dataclasses.replace(CONFIG, resume=True, command="again"), "train").run
    assert (resumed.status, resumed.resumed, resumed.command) == ("running", 1, "again")
    assert (resumed.records, resumed.first_step_seconds) == (run_file.run.records, 2.0)


def test_to_resume_a_run_that_is_complete_is_no_resumption(in_tmp):
    config = dataclasses.replace(CONFIG, recipe=dataclasses.replace(CONFIG.recipe, epochs=1))
    run_file = RunFile.open(config, "train")
    run_file.update(dataclasses.replace(with_an_epoch(run_file), status="completed"))
    assert not RunFile.open(dataclasses.replace(config, resume=True), "train").run.resumed


@pytest.mark.parametrize(
    ("replicas", "which"), [((2, 2), "epochs up to 2"), ((1, 1, 2), "epochs 3 to 3"), ((None,), "epochs up to 1")]
)
def test_epochs_on_other_devices_are_named(run_file, replicas, which):
    records = tuple(EpochRecord(epoch=epoch, replicas=number) for epoch, number in enumerate(replicas, 1))
    run_file.update(dataclasses.replace(run_file.run, records=records, devices=2))
    resumed = RunFile.open(dataclasses.replace(CONFIG, resume=True), "train").run
    assert resumed.warnings == f"the {which} were trained on 2 devices"


@pytest.mark.parametrize("damage", [None, "torn"])
def test_a_resumed_run_whose_row_is_gone_begins_another(run_file, in_tmp, damage):
    row = in_tmp / "results" / "a.csv"
    row.unlink() if damage is None else row.write_text(damage)
    assert RunFile.open(dataclasses.replace(CONFIG, resume=True), "train").run.status == "running"


def test_a_results_folder_that_cannot_be_written_is_wrong_usage_at_first_and_a_failure_later(run_file, in_tmp):
    (in_tmp / "results").rename(in_tmp / "kept")
    (in_tmp / "results").write_text("")
    with pytest.raises(RunFailed, match=r"results/a\.csv cannot be written"):
        run_file.update(with_an_epoch(run_file))
    assert run_file.run.records == ()
    with pytest.raises(ResultsError):
        RunFile.open(CONFIG, "train")


def test_the_row_of_a_run_that_got_more_epochs_says_so(in_tmp):
    config = RunConfig(variant="resnet20", run="a")
    before = RunFile.open(config, "train").run
    recipe = extend(config.recipe, epochs=400, finished=300, rule="rescale")
    after = RunFile.open(dataclasses.replace(config, recipe=recipe, resume=True), "train").run
    assert (before.epochs, before.schedule) == (300, "steps")
    assert (after.epochs, after.schedule, after.resumed) == (400, "steps, rescale after 300 of 300", 1)
    assert after.fingerprint != before.fingerprint
