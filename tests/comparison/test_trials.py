"""Trials of plan among other runs: they are left out, and said to be; alone they are compared."""

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.reporting.export import format_comparison
from densebench.reporting.figures.series import list_series


@pytest.fixture
def trial(trained):
    """Makes a trial, which would be the best of all in time."""
    return lambda variant="resnet20", **columns: trained(variant, seconds=0.001, phase="trial", **columns)


def test_trials_are_left_out_of_rows_verdicts_front_and_pictures_with_a_note(trained, trial):
    runs = [trial(), trained(), trained("100x12", seconds=20, accuracy=0.95), trial("100x12")]
    options = parse_compare_options(baseline="resnet20", fail_on="epoch_seconds>+5%")
    comparison = compare(runs, options)
    assert [row.phase for row in comparison.rows] == ["train", "train"]
    assert [row.on_front for row in comparison.rows] == [True, True]
    assert {condition.row for condition in comparison.gate.conditions} == {"100x12"}
    assert len(list_series(comparison)) == 2
    assert comparison.notes[0] == "2 trials of plan are left out: comparing the files of trials alone shows them."


def test_one_trial_is_counted_in_the_singular_and_none_is_not_mentioned(trained, trial):
    assert compare([trained(), trial()], CompareOptions()).notes[0].startswith("1 trial of plan is left out")
    assert not any("trial" in note for note in compare([trained()], CompareOptions()).notes)


def test_trials_alone_are_a_table_of_their_own(trial):
    comparison = compare([trial(), trial("100x12")], CompareOptions())
    assert [row.phase for row in comparison.rows] == ["trial", "trial"]
    markdown = format_comparison(comparison, "markdown")
    assert "**Trials of plan**" in markdown
    assert "Images/s" in markdown
    assert "Total time" not in markdown
    assert not any(row.on_front for row in comparison.rows)


def test_trials_are_left_out_of_a_baseline_and_beside_one(trained, trial):
    baseline = [trained(seconds=9), trial(seed=5)]
    comparison = compare([trained(seed=1)], CompareOptions(), baseline)
    assert [row.phase for row in comparison.rows] == ["train", "train"]
    comparison = compare([trial(seed=1)], CompareOptions(), [trained()])
    assert [row.phase for row in comparison.rows] == ["train"]
