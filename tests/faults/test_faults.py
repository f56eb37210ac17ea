"""Nothing is lost: real runs, started as a user starts them, and every fault that is promised to do no harm.

The short form of ``harness.py``. Each story is a run of a small network; two are told at a time, and each is told once.
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import pytest
import scenarios
from chain import uninterrupted
from scenarios import CHECKPOINT_POINTS, ROW_POINTS, STEP_POINTS, Story, Told

from densebench.records import COLUMNS, EpochRecord
from densebench.results import store

STORIES: dict[str, Callable[[Story], Any]] = {
    "trouble": scenarios.in_trouble,
    "checkpoint": scenarios.struck_at(CHECKPOINT_POINTS),
    "asked": scenarios.asked_to_stop,
    "row": scenarios.struck_at(ROW_POINTS),
    "step": scenarios.struck_at(STEP_POINTS),
    "skipping": scenarios.skipping,
    "robbed": scenarios.robbed,
    "diverging": scenarios.diverging,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Tells a story by its name, with all that a test waits for told beside it."""
    folder = tmp_path_factory.mktemp("runs")
    pool = ThreadPoolExecutor(2)
    backend = os.environ["KERAS_BACKEND"]
    reference = pool.submit(uninterrupted, folder / "uninterrupted", backend)
    telling = {name: pool.submit(tell, Story(folder / name, reference, backend)) for name, tell in STORIES.items()}
    yield lambda name: telling[name].result()
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def trouble(told) -> Told:
    return told("trouble")


@pytest.fixture
def asked(told) -> Told:
    return told("asked")


def intact(scene):
    return not scene.found.unreadable and not scene.found.different


# Exact resume


@pytest.mark.parametrize("name", ["step", "row", "checkpoint", "asked", "trouble"])
def test_a_resumed_run_ends_bit_for_bit_as_the_uninterrupted_one(told, name):
    """Weights, optimizer, and every recorded loss and accuracy."""
    assert told(name).differences == []


@pytest.mark.parametrize("fault", STEP_POINTS)
def test_a_kill_inside_an_epoch_loses_that_epoch_alone(told, fault):
    scene = told("step").scenes[fault]
    assert intact(scene)
    assert (scene.found.rows, scene.found.checkpoint) == (STEP_POINTS[fault], STEP_POINTS[fault])
    assert (scene.row.status, scene.ending.code) == ("failed", 1)
    assert "SIGKILL" in scene.row.reason


@pytest.mark.parametrize(("epoch", "fault"), list(enumerate(ROW_POINTS, 1)))
def test_a_kill_at_an_epochs_boundary_loses_nothing(told, epoch, fault):
    """The checkpoint of the epoch stands, whatever became of its row."""
    scene = told("row").scenes[fault]
    assert intact(scene)
    assert (scene.found.rows, scene.found.checkpoint) == (ROW_POINTS[fault], epoch)


@pytest.mark.parametrize("fault", CHECKPOINT_POINTS)
def test_a_kill_inside_a_checkpoints_write_leaves_one_to_be_trusted(told, fault):
    scene = told("checkpoint").scenes[fault]
    assert intact(scene)
    assert (scene.found.rows, scene.found.checkpoint) == (2, CHECKPOINT_POINTS[fault])


def test_what_killed_writers_left_is_cleared_away(told):
    assert told("checkpoint").scenes["1:checkpoint.write:3:kill-inside"].found.torn
    assert not any(told(name).scenes["end"].found.torn for name in ("checkpoint", "row"))


def test_a_resumed_run_says_how_often_it_was_resumed(told):
    row = told("step").scenes["end"].row
    assert (row.status, row.reason, row.resumed) == ("completed", None, len(STEP_POINTS))


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(trouble):
    scene = trouble.scenes["flipped bit, clock set back"]
    assert trouble.scenes["NaN"].found.newest == 5
    assert "checkpoint.npz" in scene.ending.said
    assert "continuing from epoch 4 instead" in scene.ending.said
    assert (scene.found.rows, scene.ending.code) == (6, 0)


def test_two_damaged_checkpoints_are_told_in_one_sentence_and_the_rows_stand(trouble):
    scene = trouble.scenes["both damaged"]
    assert "no checkpoint is left, so start a new run" in scene.ending.said
    assert "Traceback" not in scene.ending.said
    assert (scene.row.status, scene.found.rows, scene.ending.code) == ("failed", 6, 1)


def test_skip_completed_does_only_what_is_missing_after_every_interruption(told):
    """Started four times by one command: killed in the first seed, in the second, ended, and with nothing to do."""
    killed, killed_again, ended, idle = told("skipping")
    first, second = "10x4-digits-s0.csv", "10x4-digits-s1.csv"
    assert [killed[0].code, killed_again[0].code, ended[0].code, idle[0].code] == [-9, -9, 0, 0]
    assert [sorted(rows) for _, rows in (killed, killed_again, ended)] == [[first], [first, second], [first, second]]
    assert ended[1][first] == killed_again[1][first]
    assert ended[1][second] != killed_again[1][second]
    assert idle[1] == ended[1]
    assert "started" not in idle[0].said


def test_what_skip_completed_finished_is_complete_and_was_resumed_once(told, tmp_path):
    *_, (_, rows) = told("skipping")
    for name, content in rows.items():
        (tmp_path / name).write_bytes(content)
    runs = store.read_all([tmp_path])
    assert [(run.seed, run.status, run.resumed, len(run.records)) for run in runs] == [
        (0, "completed", 1, 2),
        (1, "completed", 1, 2),
    ]


# Signals


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGTERM while preparing", 143)])
def test_a_signal_interrupts_the_run_and_the_way_on_is_printed(asked, name, code):
    scene = asked.scenes[name]
    assert intact(scene)
    assert (scene.row.status, scene.ending.code) == ("interrupted", code)
    assert "densebench train --resume r" in scene.ending.said
    assert "Traceback" not in scene.ending.said


def test_a_signal_loses_no_finished_epoch(asked):
    rows = [scene.found.rows for scene in asked.scenes.values()]
    assert rows == sorted(rows)
    assert asked.scenes["SIGTERM"].found.rows >= 1


def test_a_second_ctrl_c_stops_a_run_that_does_not_answer(asked):
    scene = asked.scenes["second Ctrl-C"]
    assert (scene.row.status, scene.row.reason, scene.ending.code) == (
        "interrupted",
        "Stopped at once by SIGINT.",
        130,
    )


def test_a_run_whose_parent_is_killed_stops_and_enters_it_in_its_row(asked):
    scene = asked.scenes["parent killed"]
    assert intact(scene)
    assert (scene.row.status, scene.ending.code) == ("interrupted", -9)
    assert "died" in scene.row.reason


def test_a_second_run_in_one_directory_is_refused_and_changes_nothing(asked):
    scene = asked.scenes["second run"]
    assert "in use by process" in scene.ending.said
    assert scene.ending.code == 2
    assert (scene.row.status, scene.row.resumed) == ("running", 0)


# Faults


def test_a_disk_full_at_a_checkpoint_fails_the_run_and_the_one_before_stands(trouble):
    scene = trouble.scenes["checkpoint on a full disk"]
    assert intact(scene)
    assert (scene.found.rows, scene.found.newest, scene.found.previous, scene.found.torn) == (2, 2, 1, ())
    assert (scene.row.status, scene.ending.code) == ("failed", 1)
    assert "No space left on device" in scene.row.reason
    assert "--resume" in scene.row.reason


def test_a_disk_full_at_a_row_is_told_and_the_old_file_stands(trouble):
    scene = trouble.scenes["row on a full disk"]
    assert intact(scene)
    assert (scene.found.rows, scene.found.newest, scene.found.torn, scene.ending.code) == (2, 3, (), 1)
    assert "results/r.csv cannot be written (No space left on device)" in scene.ending.said
    assert "Traceback" not in scene.ending.said


def test_a_disk_that_turns_read_only_is_told_and_every_file_stands(trouble):
    scene = trouble.scenes["read-only"]
    assert intact(scene)
    assert (scene.found.rows, scene.found.newest, scene.found.previous, scene.ending.code) == (4, 4, 3, 1)
    assert "Read-only file system" in scene.ending.said
    assert "Traceback" not in scene.ending.said


def test_out_of_memory_names_the_batch_and_a_smaller_one_and_is_not_retried(trouble):
    scene = trouble.scenes["out of memory"]
    assert intact(scene)
    assert (scene.row.status, scene.ending.code) == ("failed", 1)
    assert "10x4 at batch size 20 does not fit into memory: try --batch-size 10" in scene.row.reason
    assert (scene.row.batch_size, scene.found.rows, scene.ending.said.count(": started")) == (20, 4, 1)


def test_a_loss_that_is_no_number_fails_the_run_and_the_good_checkpoint_stands(trouble):
    scene = trouble.scenes["NaN"]
    assert intact(scene)
    assert (scene.row.status, scene.found.rows, scene.found.newest, scene.ending.code) == ("failed", 5, 5, 1)
    assert "became nan in epoch 6, step 2 of 6: lower --learning-rate" in scene.row.reason


def test_a_learning_rate_that_is_too_high_is_named_as_the_cause(told):
    scene = told("diverging").scenes["end"]
    assert (scene.row.status, scene.found.rows, scene.found.newest, scene.ending.code) == ("failed", 0, None, 1)
    assert "lower --learning-rate" in scene.row.reason


def test_a_clock_that_is_set_back_leaves_times_empty_and_none_negative(trouble):
    row = trouble.scenes["flipped bit, clock set back"].row
    times = {entry.name for entry in fields(EpochRecord) if COLUMNS[entry.name].about.show == "seconds"}
    taken = {getattr(record, name) for record in row.records[4:] for name in times}
    assert all(seconds is None or seconds >= 0 for seconds in taken)
    assert row.records[5].epoch_seconds is None
    assert row.total_seconds is None


def test_a_framework_that_crashes_when_it_is_torn_down_fails_no_run(trouble):
    scene = trouble.scenes["flipped bit, clock set back"]
    assert (scene.row.status, scene.row.reason, scene.ending.code) == ("completed", None, 0)


def test_a_run_directory_that_is_removed_is_told_and_the_rows_stand(told):
    scene = told("robbed").scenes["end"]
    assert not scene.found.different
    assert (scene.row.status, scene.ending.code) == ("failed", 1)
    assert "the run's directory was removed" in scene.row.reason
    assert scene.found.rows >= 2


def test_no_number_of_any_row_is_a_nan(told):
    rows = [scene.row for name in ("trouble", "diverging", "asked") for scene in told(name).scenes.values()]
    numbers = [value for row in rows for record in row.records for value in vars(record).values()]
    assert not [value for value in numbers if isinstance(value, float) and not math.isfinite(value)]
