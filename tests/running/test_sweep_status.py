import pytest

from densebench.config import RunConfig, to_json
from densebench.errors import InputError
from densebench.records import EpochRecord, Run
from densebench.reporting.sweep_grid import describe_states
from densebench.results import csv_file
from densebench.running import sweep_status
from densebench.running.directory import run_directory
from densebench.running.directory_lock import lock_directory
from densebench.running.launchers.protocol import QueuedRun
from densebench.running.launchers.sweep import OWNER_FILE, open_sweep
from densebench.running.sweep_status import list_states
from densebench.running.tasks import TrainTask


def queue(*names):
    configs = [RunConfig(variant="resnet20", run=name) for name in names]
    return [QueuedRun(name=config.run, task=TrainTask(config=config), numbered=True) for config in configs]


def begin(run, status, *, epochs=0, owner=None, reason=None):
    """A run with a directory and a row."""
    directory = run_directory("runs", run)
    directory.mkdir(parents=True)
    (directory / "config.json").write_text(to_json(RunConfig(variant="resnet20", run=run)))
    if owner is not None:
        (directory / OWNER_FILE).write_text(owner)
    records = tuple(EpochRecord(epoch=epoch, test_accuracy=epoch / 10) for epoch in range(1, epochs + 1))
    csv_file.write(
        Run(run=run, variant="resnet20", status=status, reason=reason, records=records), f"results/{run}.csv"
    )


def states(folders=()):
    return {row.run: row.state for row in list_states(folders)}


@pytest.fixture
def answers(monkeypatch):
    """What ``squeue`` says."""

    def set_to(queue):
        monkeypatch.setattr(sweep_status, "read_queue", lambda job: queue)

    return set_to


def test_a_sweep_of_slurm_is_shown_by_its_files_and_by_the_queue(in_tmp, answers):
    with open_sweep("slurm", queue("a", "b", "c", "d", "e")) as (sweep, owned):
        sweep.note_job("7")
        begin("a-2", "completed", epochs=2, owner=owned[0].owner)
        begin("b", "running", epochs=1, owner=owned[1].owner)
        begin("c", "failed", owner=owned[2].owner, reason="The loss is not finite.")
    answers({1: ("RUNNING", "node3"), 3: ("PENDING", ""), 4: ("CONFIGURING", "")})
    rows = list_states([])
    assert [(row.run, row.state, row.finished, row.where, row.job) for row in rows] == [
        ("a-2", "completed", 2, None, "7_0"),
        ("b", "running", 1, "node3", "7_1"),
        ("c", "failed", 0, None, "7_2"),
        ("d", "queued", 0, None, "7_3"),
        ("e", "queued", 0, None, "7_4"),
    ]
    assert (rows[0].test_accuracy, rows[2].reason) == (0.2, "The loss is not finite.")
    assert describe_states(rows) == "5 runs: 1 completed, 1 running, 1 failed, 2 queued."


def test_a_preempted_run_is_queued_and_one_that_left_the_queue_interrupted(in_tmp, answers):
    with open_sweep("slurm", queue("a", "b", "c")) as (sweep, owned):
        sweep.note_job("7")
        begin("a", "interrupted", epochs=1, owner=owned[0].owner)
        begin("b", "running", epochs=1, owner=owned[1].owner)
    answers({0: ("PENDING", "")})
    assert states() == {"a": "queued", "b": "interrupted", "c": "not started"}
    answers(None)
    assert states()["c"] == "queued", "where SLURM does not answer, nothing says that it is not"


def test_a_sweep_on_ray_is_queued_as_long_as_its_command_goes_on(in_tmp):
    with open_sweep("ray", queue("a", "b")) as (_, owned):
        begin("a", "running", epochs=1, owner=owned[0].owner)
        with lock_directory(run_directory("runs", "a")):
            assert states() == {"a": "running", "b": "queued"}
        assert states()["a"] == "queued"
    assert states() == {"a": "interrupted", "b": "not started"}


def test_runs_of_no_sweep_are_shown_until_they_are_complete(in_tmp):
    begin("done", "completed", epochs=1)
    begin("stopped", "running", epochs=1)
    begin("wrong", "failed", reason="no")
    assert states() == {"stopped": "interrupted", "wrong": "failed"}


def test_a_folder_that_is_not_there_is_one_sentence(in_tmp):
    with pytest.raises(InputError, match="There is no folder 'nowhere'"):
        states(["nowhere"])


def test_a_run_that_a_later_sweep_has_started_is_shown_there_alone(in_tmp, monkeypatch):
    numbers = iter(("0001", "0002"))  # both sweeps may be of one second
    monkeypatch.setattr("secrets.token_hex", lambda size: next(numbers))
    with open_sweep("ray", queue("a", "b")) as (_, owned):
        begin("a", "interrupted", epochs=1, owner=owned[0].owner)
    with open_sweep("ray", queue("b")) as (later, owned):
        begin("b", "completed", epochs=2, owner=owned[0].owner)
    rows = list_states([])
    assert [(row.run, row.state) for row in rows] == [("a", "interrupted"), ("b", "completed")]
    assert rows[1].sweep == later.name


def test_a_sweep_that_is_refused_is_none(in_tmp):
    with pytest.raises(InputError, match="no cluster"), open_sweep("slurm", queue("a")):
        raise InputError("There is no cluster.")
    assert list_states([]) == []


def test_a_folder_of_runs_is_read_from_anywhere(in_tmp, monkeypatch):
    with open_sweep("ray", queue("a", "b")) as (_, owned):
        begin("a", "completed", epochs=2, owner=owned[0].owner)
    begin("c", "interrupted", epochs=1)
    (in_tmp / "elsewhere").mkdir()
    monkeypatch.chdir(in_tmp / "elsewhere")
    for folder in ("../runs", in_tmp / "runs"):
        assert states([folder]) == {"a": "completed", "b": "not started", "c": "interrupted"}
