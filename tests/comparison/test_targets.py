"""Times to a target in a comparison: whoever missed it neither looks quick nor drops out unseen."""

import csv
import io
import json
import math

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options
from densebench.comparison.values import TIME_TO_TARGET
from densebench.reporting.export import format_comparison
from densebench.reporting.run_tables import format_runs_as


def runs_of(trained, variant, *accuracies, target=0.9, **columns):
    """A run for each last accuracy; those before are 5 and 10 points lower."""
    return [trained(variant, seed, accuracy, target=target, **columns) for seed, accuracy in enumerate(accuracies)]


def compare_costs(*runs, **texts):
    return compare([run for each in runs for run in each], parse_compare_options(cost="time_to_target", **texts))


def find_summary(comparison, label):
    return next(row for row in comparison.rows if row.label.startswith(label)).summary(TIME_TO_TARGET.name)


def test_one_run_of_several_that_missed_the_target_leaves_no_mean_of_the_others(trained):
    some = runs_of(trained, "a", 0.96, 0.85, 0.91)
    comparison = compare_costs(some, runs_of(trained, "b", 0.9))
    summary = find_summary(comparison, "a")
    assert summary.values == (20.0, math.inf, 30.0)
    assert (summary.n, summary.missed, summary.mean, summary.figure, summary.interval) == (3, 1, math.inf, None, None)
    assert find_summary(comparison, "b").mean == 30.0


def test_who_missed_it_is_on_no_front_however_accurate_and_a_note_says_so(trained):
    comparison = compare_costs(
        runs_of(trained, "a", 0.96, 0.89, seconds=1.0),
        runs_of(trained, "b", 0.91, 0.92, seconds=2.0),
        runs_of(trained, "c", 0.5, 0.6),
        runs_of(trained, "d", 0.7),
    )
    assert [row.label for row in comparison.rows if row.on_front] == ["b"]
    assert comparison.notes == (
        "a reached its target of 90.00 % in 1 of 2 runs only: it has no time to it, and lies on no front and within "
        "no budget of that time.",
        "c never reached its target of 90.00 % in 2 runs: it has no time to it, and lies on no front and within no "
        "budget of that time.",
        "d never reached its target of 90.00 %: it has no time to it, and lies on no front and within no budget of "
        "that time.",
    )


def test_a_target_that_was_missed_is_beyond_any_limit_of_time_and_still_named(trained):
    missed, reached = runs_of(trained, "a", 0.5), runs_of(trained, "b", 0.95)
    comparison = compare_costs(missed, reached, budget="time_to_target<=1000h")
    assert (comparison.budget.excluded, comparison.budget.unknown, comparison.budget.best) == (("a",), (), "b")
    assert comparison.notes[0].startswith("a never reached its target")


def test_the_table_says_how_many_reached_it_and_sorting_puts_them_last(trained):
    comparison = compare_costs(
        runs_of(trained, "a", 0.5, 0.6),
        runs_of(trained, "b", 0.95, 0.5),
        runs_of(trained, "c", 0.95),
        sort="time_to_target",
    )
    assert [row.label for row in comparison.rows] == ["c", "a", "b"]
    table = format_comparison(comparison, "markdown", ["time_to_target"])
    assert table.split("\n\n")[1].splitlines()[2:] == [
        "| c | 30.0 s |",
        "| a | not reached |",
        "| b | 1 of 2 reached it |",
    ]


def test_machines_read_an_infinite_time(trained):
    comparison = compare_costs(runs_of(trained, "a", 0.95, 0.5))
    (row,) = json.loads(format_comparison(comparison, "json"))["rows"]
    assert row["metrics"]["time_to_target_seconds"]["values"] == [30.0, "inf"]
    (row,) = csv.DictReader(io.StringIO(format_comparison(comparison, "csv")))
    assert row["time_to_target_seconds"] == "inf"


def test_against_a_baseline_the_verdict_names_the_reason(trained):
    comparison = compare_costs(runs_of(trained, "a", 0.95, 0.96), runs_of(trained, "b", 0.95, 0.5), baseline="a")
    verdict = next(row for row in comparison.rows if row.label == "b").verdict(TIME_TO_TARGET.name)
    assert (verdict.word, verdict.estimate) == ("inconclusive", None)
    assert verdict.reason == "A run never reached its target, so it has no time to it."


def test_who_asks_for_the_cost_learns_which_rows_have_no_target(trained):
    comparison = compare_costs([trained("a")], [trained("b")], runs_of(trained, "c", 0.95))
    assert comparison.notes == (
        "a and b: trained without a target, so there is no time to one: --target 0.94 of train "
        "records the time to 94 %.",
    )
    assert compare([trained("a"), *runs_of(trained, "c", 0.95)], parse_compare_options()).notes == ()


def test_times_to_different_targets_have_fronts_of_their_own_and_a_note(trained):
    comparison = compare_costs(
        runs_of(trained, "a", 0.95, target=0.9), runs_of(trained, "b", 0.96, target=0.94), baseline="a"
    )
    assert [row.on_front for row in comparison.rows] == [True, True]
    assert "Times to different targets (90.00 % and 94.00 %) are not compared with one another." in comparison.notes
    verdict = next(row for row in comparison.rows if row.runs[0].variant == "b").verdict(TIME_TO_TARGET.name)
    assert (verdict.word, verdict.reason) == ("not comparable", "Target differs.")


@pytest.mark.parametrize("changes", [{"status": "interrupted"}, {"status": "failed"}, {"phase": "eval"}])
def test_a_run_that_did_not_come_to_its_end_has_not_missed_its_target(trained, changes):
    comparison = compare_costs(runs_of(trained, "a", 0.5, **changes))
    assert find_summary(comparison, "a").missed == 0
    assert not any("never reached" in note for note in comparison.notes)


def test_a_run_alone_says_that_it_missed_its_target(trained):
    (run,) = runs_of(trained, "a", 0.5)
    assert "| Time to target | not reached " in format_runs_as([run], "markdown")
