import dataclasses
import math

import pytest

from densebench.comparison.grouping import group_runs
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Comparison, Summary, count_devices, get_setting, get_settings


@pytest.fixture
def row(trained):
    (found,) = group_runs([trained(seed=0), trained(seed=1, accuracy=0.8)], CompareOptions())
    return found


def test_a_row_gives_the_summary_of_a_metric_by_its_name(row):
    assert row.summary("test_accuracy").metric == "test_accuracy"
    assert row.summary("params").mean == 271_098
    assert row.verdict("test_accuracy") is None


def test_a_row_is_completed_if_all_its_runs_are(row):
    assert row.completed
    failed = dataclasses.replace(row.runs[0], status="failed")
    assert not dataclasses.replace(row, runs=(failed, row.runs[1])).completed


def test_a_mean_that_is_not_finite_is_no_figure_to_compute_with():
    summary = Summary(metric="test_loss", values=(math.nan, None), n=1, mean=math.nan, deviation=None, interval=None)
    assert summary.figure is None
    assert len(summary.known) == 1


def test_a_setting_is_one_of_the_run_or_of_its_environment(row):
    assert get_setting(row.runs[0], "batch_size") == 64
    assert get_setting(row.runs[0], "cpu_cores") == 2
    assert get_settings(row, "seed") == (0, 1)
    assert get_settings(row, "batch_size") == (64,)


def test_a_comparison_gives_the_rows_of_a_phase(row):
    comparison = Comparison(rows=(row,), notes=(), options=CompareOptions(), environments=())
    assert comparison.of("train") == (row,)
    assert comparison.of("eval") == ()


def test_a_run_that_does_not_name_its_devices_used_one_on_one_host(trained):
    old, columns = trained("a"), ("devices", "hosts", "batch_norm")
    assert [get_setting(old, column) for column in columns] == [1, 1, "global"]
    new = dataclasses.replace(old, devices=2, hosts=3, batch_norm="replica")
    assert [get_setting(new, column) for column in columns] == [2, 3, "replica"]
    assert (count_devices(old), count_devices(new)) == (1, 6)


def test_an_old_training_was_by_sgd_in_a_loop_with_a_checkpoint_an_epoch_and_of_others_nothing_is_assumed(trained):
    columns = ("optimizer", "checkpoint_every", "launcher")
    found = {
        phase: [get_setting(trained("a", phase=phase), column) for column in columns]
        for phase in ("train", "trial", "speed", "inference", "eval")
    }
    assert found == {
        "train": ["sgd", 1, "loop"],
        "trial": ["sgd", 1, None],
        "speed": ["sgd", None, None],
        "inference": [None] * 3,
        "eval": [None] * 3,
    }


def test_on_one_device_both_kinds_of_batch_norm_are_the_same(trained):
    assert get_setting(trained("a", devices=1, hosts=1, batch_norm="replica"), "batch_norm") == "global"
    assert get_setting(trained("a", devices=1, hosts=2, batch_norm="replica"), "batch_norm") == "replica"


def test_nothing_is_assumed_of_the_devices_of_others(trained):
    published = dataclasses.replace(trained("a"), phase="published")
    assert [get_setting(published, column) for column in ("devices", "hosts", "batch_norm")] == [None] * 3
