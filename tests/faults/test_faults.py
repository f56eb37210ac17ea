"""Nothing is lost: real runs, started as a user starts them, with every fault that must do no harm.

The short form of ``harness.py``. Each scenario trains a small network; two run at a time, and each runs once. Most of
their time goes into starting a framework, so the many kills while files are written are of the one that starts fastest.
"""

import math
import os
import pickle
from dataclasses import fields
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from background import Background
from scenarios import CHECKPOINT_POINTS, ROW_POINTS, STEP_POINTS, Outcome

from densebench.records import COLUMNS, EpochRecord
from densebench.results import store

_BACKEND = os.environ["KERAS_BACKEND"]
_KILLS = "jax" if find_spec("jax") else _BACKEND
SCENARIOS = Background(Path(__file__).with_name("play.py"), _BACKEND, _KILLS)
BACKGROUND = [SCENARIOS]


@pytest.fixture(scope="module")
def outcome_of():
    """Returns a scenario's outcome by its name; a test waits for its own only."""
    return cache(lambda name: pickle.loads(SCENARIOS.read(name)))


@pytest.fixture
def faults(outcome_of) -> Outcome:
    return outcome_of("faults")


@pytest.fixture
def signals(outcome_of) -> Outcome:
    return outcome_of("signals")


def is_intact(attempt):
    return not attempt.found.unreadable and not attempt.found.different


# Exact resume


@pytest.mark.parametrize("name", ["step", "row", "checkpoint", "signals", "faults"])
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(outcome_of, name):
    """Weights, optimizer, and every recorded loss and accuracy."""
    assert outcome_of(name).differences == []


@pytest.mark.parametrize("fault", STEP_POINTS)
def test_a_kill_inside_an_epoch_loses_only_that_epoch(outcome_of, fault):
    attempt = outcome_of("step").attempts[fault]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.checkpoint) == (STEP_POINTS[fault], STEP_POINTS[fault])
    assert (attempt.row.status, attempt.ending.code) == ("failed", 1)
    assert "SIGKILL" in attempt.row.reason


@pytest.mark.parametrize(("epoch", "fault"), list(enumerate(ROW_POINTS, 1)))
def test_a_kill_between_epochs_loses_nothing(outcome_of, epoch, fault):
    """The epoch's checkpoint is complete, whether its row was written or not."""
    attempt = outcome_of("row").attempts[fault]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.checkpoint) == (ROW_POINTS[fault], epoch)


@pytest.mark.parametrize("fault", CHECKPOINT_POINTS)
def test_a_kill_inside_a_checkpoints_write_leaves_a_valid_checkpoint(outcome_of, fault):
    attempt = outcome_of("checkpoint").attempts[fault]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.checkpoint) == (2, CHECKPOINT_POINTS[fault])


def test_the_next_start_removes_files_left_by_killed_writers(outcome_of):
    assert outcome_of("checkpoint").attempts["1:checkpoint.write:3:kill-inside"].found.torn
    assert not any(outcome_of(name).attempts["end"].found.torn for name in ("checkpoint", "row"))


def test_a_resumed_run_says_how_often_it_was_resumed(outcome_of):
    row = outcome_of("step").attempts["end"].row
    assert (row.status, row.reason, row.resumed) == ("completed", None, len(STEP_POINTS))


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(faults):
    attempt = faults.attempts["flipped bit, clock set back"]
    assert faults.attempts["NaN"].found.newest == 5
    assert "checkpoint.npz" in attempt.ending.stderr
    assert "continuing from epoch 4 instead" in attempt.ending.stderr
    assert (attempt.found.rows, attempt.ending.code) == (6, 0)


def test_two_damaged_checkpoints_are_reported_in_one_sentence_and_the_rows_are_kept(faults):
    attempt = faults.attempts["both damaged"]
    assert "no checkpoint is left, so start a new run" in attempt.ending.stderr
    assert "Traceback" not in attempt.ending.stderr
    assert (attempt.row.status, attempt.found.rows, attempt.ending.code) == ("failed", 6, 1)


def test_skip_completed_runs_only_what_is_missing_after_every_interruption(outcome_of):
    """Four calls of one command: killed in the first seed, killed in the second, completed, nothing to do."""
    killed, killed_again, ended, idle = outcome_of("skip-completed")
    first, second = "10x4-synthetic-s0.csv", "10x4-synthetic-s1.csv"
    assert [killed[0].code, killed_again[0].code, ended[0].code, idle[0].code] == [-9, -9, 0, 0]
    assert [sorted(rows) for _, rows in (killed, killed_again, ended)] == [[first], [first, second], [first, second]]
    assert ended[1][first] == killed_again[1][first]
    assert ended[1][second] != killed_again[1][second]
    assert idle[1] == ended[1]
    assert "started" not in idle[0].stderr


def test_runs_finished_by_skip_completed_are_complete_and_were_resumed_once(outcome_of, tmp_path):
    *_, (_, rows) = outcome_of("skip-completed")
    for name, content in rows.items():
        (tmp_path / name).write_bytes(content)
    runs = store.read_all([tmp_path])
    assert [(run.seed, run.status, run.resumed, len(run.records)) for run in runs] == [
        (0, "completed", 1, 2),
        (1, "completed", 1, 2),
    ]


# Signals


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGTERM while preparing", 143)])
def test_a_signal_interrupts_the_run_and_prints_the_command_to_resume(signals, name, code):
    attempt = signals.attempts[name]
    assert is_intact(attempt)
    assert (attempt.row.status, attempt.ending.code) == ("interrupted", code)
    if attempt.row.records:  # the epoch that was stopped counts
        assert attempt.row.total_seconds > attempt.row.records[-1].elapsed_seconds
    assert "densebench train --resume r" in attempt.ending.stderr
    assert "Traceback" not in attempt.ending.stderr


def test_a_signal_loses_no_finished_epoch(signals):
    rows = [attempt.found.rows for attempt in signals.attempts.values()]
    assert rows == sorted(rows)
    assert signals.attempts["SIGTERM"].found.rows >= 1


def test_a_second_ctrl_c_stops_a_run_that_does_not_respond(signals):
    attempt = signals.attempts["second Ctrl-C"]
    assert (attempt.row.status, attempt.row.reason, attempt.ending.code) == (
        "interrupted",
        "Stopped at once by SIGINT.",
        130,
    )


def test_a_run_whose_parent_is_killed_stops_and_records_it_in_its_row(signals):
    attempt = signals.attempts["parent killed"]
    assert is_intact(attempt)
    assert (attempt.row.status, attempt.ending.code) == ("interrupted", -9)
    assert "died" in attempt.row.reason


def test_a_second_run_in_one_directory_is_refused_and_changes_nothing(signals):
    attempt = signals.attempts["second run"]
    assert "in use by process" in attempt.ending.stderr
    assert attempt.ending.code == 2
    assert (attempt.row.status, attempt.row.resumed) == ("running", 0)


# Faults


def test_a_full_disk_at_a_checkpoint_fails_the_run_and_keeps_the_previous_checkpoint(faults):
    attempt = faults.attempts["checkpoint on a full disk"]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.newest, attempt.found.previous, attempt.found.torn) == (2, 2, 1, ())
    assert (attempt.row.status, attempt.ending.code) == ("failed", 1)
    assert "No space left on device" in attempt.row.reason
    assert "--resume" in attempt.row.reason


def test_a_full_disk_at_a_row_is_reported_and_the_old_file_is_kept(faults):
    attempt = faults.attempts["row on a full disk"]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.newest, attempt.found.torn, attempt.ending.code) == (2, 3, (), 1)
    assert "results/r.csv cannot be written (No space left on device)" in attempt.ending.stderr
    assert "Traceback" not in attempt.ending.stderr


def test_a_disk_that_becomes_read_only_is_reported_and_every_file_is_kept(faults):
    attempt = faults.attempts["read-only"]
    assert is_intact(attempt)
    assert (attempt.found.rows, attempt.found.newest, attempt.found.previous, attempt.ending.code) == (4, 4, 3, 1)
    assert "Read-only file system" in attempt.ending.stderr
    assert "Traceback" not in attempt.ending.stderr


def test_out_of_memory_names_the_batch_and_a_smaller_one_and_is_not_retried(faults):
    attempt = faults.attempts["out of memory"]
    assert is_intact(attempt)
    assert (attempt.row.status, attempt.ending.code) == ("failed", 1)
    assert "10x4 at batch size 20 does not fit into memory: try --batch-size 10" in attempt.row.reason
    assert (attempt.row.batch_size, attempt.found.rows, attempt.ending.stderr.count(": started")) == (20, 4, 1)


def test_a_nan_loss_fails_the_run_and_keeps_the_last_good_checkpoint(faults):
    attempt = faults.attempts["NaN"]
    assert is_intact(attempt)
    assert (attempt.row.status, attempt.found.rows, attempt.found.newest, attempt.ending.code) == ("failed", 5, 5, 1)
    assert "became nan in epoch 6, step 2 of 6: lower --learning-rate" in attempt.row.reason


def test_a_diverging_run_is_advised_to_lower_its_learning_rate(outcome_of):
    attempt = outcome_of("diverging").attempts["end"]
    assert (attempt.row.status, attempt.found.rows, attempt.found.newest, attempt.ending.code) == ("failed", 0, None, 1)
    assert "lower --learning-rate" in attempt.row.reason


def test_a_clock_that_is_set_back_leaves_times_empty_and_never_negative(faults):
    row = faults.attempts["flipped bit, clock set back"].row
    times = {entry.name for entry in fields(EpochRecord) if COLUMNS[entry.name].about.show == "seconds"}
    taken = {getattr(record, name) for record in row.records[4:] for name in times}
    assert all(seconds is None or seconds >= 0 for seconds in taken)
    assert row.records[5].epoch_seconds is None
    assert row.total_seconds is None


def test_a_framework_that_crashes_at_exit_does_not_fail_the_run(faults):
    attempt = faults.attempts["flipped bit, clock set back"]
    assert (attempt.row.status, attempt.row.reason, attempt.ending.code) == ("completed", None, 0)


def test_a_removed_run_directory_is_reported_and_the_rows_are_kept(outcome_of):
    attempt = outcome_of("removed-directory").attempts["end"]
    assert not attempt.found.different
    assert (attempt.row.status, attempt.ending.code) == ("failed", 1)
    assert "the run's directory was removed" in attempt.row.reason
    assert attempt.found.rows >= 2


def test_no_row_contains_a_nan(outcome_of):
    rows = [
        attempt.row for name in ("faults", "diverging", "signals") for attempt in outcome_of(name).attempts.values()
    ]
    numbers = [value for row in rows for record in row.records for value in vars(record).values()]
    assert not [value for value in numbers if isinstance(value, float) and not math.isfinite(value)]
