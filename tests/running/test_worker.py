import threading

import pytest

from densebench.config import RunConfig
from densebench.events import Ended
from densebench.results import csv_file
from densebench.running import worker
from densebench.running.run_file import RunFile
from densebench.running.tasks import SpeedTask

FAILED = Ended(status="failed", reason="The loss became nan.", exit_code=1)
COMPLETED = Ended(status="completed", reason=None, exit_code=0)


@pytest.fixture
def run_file(in_tmp):
    return RunFile.open(RunConfig(variant="resnet20", run="a"), "train")


@pytest.fixture
def unwritable(run_file, in_tmp):
    """One whose folder has become a file: not even root writes there."""
    (in_tmp / "results").rename(in_tmp / "kept")
    (in_tmp / "results").write_text("")
    return run_file


def test_how_a_run_ended_stands_in_its_row(run_file):
    assert worker._enter_end(run_file, FAILED) == FAILED
    (row,) = csv_file.read("results/a.csv")
    assert (row.status, row.reason) == ("failed", "The loss became nan.")


def test_a_reason_is_reported_even_if_the_row_cannot_take_it(unwritable):
    ended = worker._enter_end(unwritable, FAILED)
    assert ended.reason.startswith("The loss became nan. results/a.csv cannot be written")
    assert ended.exit_code == 1


def test_a_run_whose_last_row_cannot_be_written_has_not_completed(unwritable):
    ended = worker._enter_end(unwritable, COMPLETED)
    assert ended.status == "failed"
    assert ended.exit_code != 0


@pytest.mark.parametrize(("inference", "phase"), [(True, "inference"), (False, "speed")])
def test_forward_passes_are_another_phase_than_training_steps(inference, phase):
    config = RunConfig(variant="resnet20", run="a")
    task = SpeedTask(config=config, inference=inference, precision_target=0.02, time_limit=1.0, energy=False)
    assert worker._find_phase(task) == phase


class Stopping:
    """Has stopped together with others."""

    def __init__(self, leave_others):
        self.leave_others = leave_others


def test_processes_that_stop_together_wait_for_each_other():
    waited = []
    worker._leave_others(Stopping(lambda: waited.append(1)))
    assert waited == [1]


def test_a_process_that_the_others_have_left_ends_all_the_same():
    def fail():
        raise RuntimeError("Connection reset by peer")

    worker._leave_others(Stopping(fail))
    worker._leave_others(Stopping(threading.Event().wait), seconds=0.01)


@pytest.mark.parametrize(
    ("text", "is_lost"),
    [
        ("[gloo/transport/tcp/pair.cc:537] Read error [10.0.0.1]:6263: Connection reset by peer", True),
        ("Collective ops is aborted by: The following tasks are unhealthy (stopped sending heartbeats)", True),
        (
            "Unable to initialize backend 'cpu': [enforce fail at gloo/transport/tcp/device.cc:99] rv == 0. -3 vs 0",
            False,
        ),
        ("shapes (8, 8) and (4, 4) cannot be added", False),
    ],
)
def test_an_error_of_the_exchange_is_told_from_one_of_this_host(text, is_lost):
    assert worker._is_lost_contact(RuntimeError(text)) == is_lost
