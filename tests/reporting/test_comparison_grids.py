import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.reporting.comparison_grids import (
    explain_verdicts,
    make_gate_grid,
    make_phase_grid,
    make_verdict_grid,
    move_metric_to_title,
)


def texts(grid, name):
    return [cell.text for column in grid.columns if column.name == name for cell in column.cells]


def judged(*runs, **options):
    return compare(runs, parse_compare_options(baseline=runs[0].variant, **options))


@pytest.mark.parametrize(("phase", "is_shown"), [("train", False), ("eval", True), ("speed", True)])
def test_throughput_is_judged_in_a_phase_without_epochs_to_time(trained, phase, is_shown):
    compared = judged(trained("a", phase=phase), trained("b", phase=phase))
    assert ("Images/s" in texts(make_verdict_grid(compared, None), "metric")) == is_shown


def test_host_memory_is_judged_where_that_of_a_gpu_is_unknown(trained):
    runs = [
        dataclasses.replace(
            run,
            records=tuple(dataclasses.replace(one, gpu_peak_bytes=gpu, host_peak_bytes=2**29) for one in run.records),
        )
        for run, gpu in ((trained("a"), None), (trained("b"), None), (trained("c"), 2**30))
    ]
    grid = make_verdict_grid(judged(*runs), None)
    memory = [row for row, metric in zip(texts(grid, "row"), texts(grid, "metric"), strict=True) if "memory" in metric]
    assert memory == ["b"]


def test_chosen_columns_choose_the_verdicts_too(trained):
    compared = judged(trained("a"), trained("b"))
    assert texts(make_verdict_grid(compared, ["params"]), "metric") == ["Params"]
    assert make_verdict_grid(compared, ["seed"]) is None


def test_the_cost_that_was_asked_for_is_judged(trained):
    runs = [trained("a"), trained("b")]
    assert "Total time" not in texts(make_verdict_grid(judged(*runs), None), "metric")
    assert "Total time" in texts(make_verdict_grid(judged(*runs, cost="total_seconds"), None), "metric")
    assert "Total time" not in texts(make_verdict_grid(judged(*runs, cost="total_seconds"), ["params"]), "metric")


def test_the_only_metric_of_all_verdicts_stands_in_the_title(trained):
    compared = judged(trained("a"), trained("b"), trained("c"))
    several = make_verdict_grid(compared, None)
    assert move_metric_to_title(several) == several
    one = move_metric_to_title(make_verdict_grid(compared, ["epoch_seconds"]))
    assert one.title == "Against a: Epoch time"
    assert not texts(one, "metric")
    assert texts(one, "row") == ["b", "c"]


def test_without_a_baseline_there_are_no_verdicts(trained):
    assert make_verdict_grid(compare([trained("a"), trained("b")], CompareOptions()), None) is None


def test_a_gate_has_a_line_for_each_condition_of_each_row(trained):
    compared = judged(trained("a"), trained("b"), fail_on="params>+5%,epoch_seconds>+5%")
    assert texts(make_gate_grid(compared.gate), "condition") == ["params>+5%", "epoch_seconds>+5%"]


def test_rows_that_another_beats_are_shown_faintly(trained):
    rows = compare([trained("a", accuracy=0.9), trained("b", accuracy=0.8, seconds=20.0)], CompareOptions()).rows
    assert make_phase_grid(rows, None, labels=True).dim == (False, True)
    assert make_phase_grid(rows, ["test_accuracy"], labels=True).dim == (False, False)
    assert make_phase_grid(rows, ["pareto"], labels=True).dim == (False, True)


def test_an_unfinished_run_puts_the_status_first(trained):
    rows = compare([trained("a"), trained("b", status="failed")], CompareOptions()).rows
    assert [column.name for column in make_phase_grid(rows, None, labels=False).columns][:2] == ["variant", "status"]


def seeds(trained, variant, seconds, first=0):
    return [trained(variant, first + seed, seconds=value) for seed, value in enumerate(seconds)]


def test_the_interval_is_titled_with_the_level_that_decides(trained):
    baseline, other = seeds(trained, "a", (10.0, 10.1, 10.05)), seeds(trained, "b", (12.0, 12.3, 12.1))
    one = judged(*baseline, *other)
    two = judged(*baseline, *other, *seeds(trained, "c", (10.1, 10.2, 10.0)))
    later = judged(*baseline, *other, *seeds(trained, "c", (10.2, 10.3, 10.4)))  # by Holm's second step alone
    assert interval_of(one) == ("95 % interval", "[1.184, 1.231]")
    assert interval_of(two) == ("97.5 % interval", "[1.174, 1.241]")
    assert interval_of(later) == ("Interval (Holm)", "[1.174, 1.241]")
    assert explain_verdicts(one, ["epoch_seconds"], {"interval"}) == []
    assert "decided on 95 % to 97.5 % intervals" in explain_verdicts(later, ["epoch_seconds"], {"interval"})[0]


def interval_of(compared):
    grid = make_verdict_grid(compared, ["epoch_seconds"])
    (column,) = (column for column in grid.columns if column.name == "interval")
    return column.title, column.cells[0].text


def test_several_rows_several_looks_and_a_coarse_exact_test_are_explained(trained):
    compared = judged(
        *seeds(trained, "a", (10.0, 10.1, 10.05, 10.0, 10.02)),
        *seeds(trained, "b", (12.0, 12.3, 12.1, 12.0, 12.2)),
        *seeds(trained, "c", (10.0, 10.9, 10.0, 10.5, 10.1)),
    )
    notes = explain_verdicts(compared, ["epoch_seconds"], {"interval", "p_permutation"})
    assert notes[0].startswith("Verdicts are decided on 97.5 % intervals: the chance of any false one")
    assert notes[1] == (
        "p (exact), of a permutation test, stands beside the t test and decides nothing: with so few runs it cannot go "
        "below 0.062."
    )
    assert '"needs N": N seeds a side in all, compared with --looks 2,' in notes[2]
    assert explain_verdicts(compared, ["epoch_seconds"], ()) == notes[2:]


def test_an_inconclusive_verdict_names_the_number_of_seeds_or_that_they_are_too_few(trained):
    compared = judged(*seeds(trained, "a", (10.0, 10.1, 10.05)), *seeds(trained, "b", (10.2, 10.9, 10.3)))
    needed = compared.rows[1].verdict("epoch_seconds").seeds_needed
    assert texts(make_verdict_grid(compared, ["epoch_seconds"]), "verdict") == [f"inconclusive, needs {needed}"]
    few = judged(*seeds(trained, "a", (10.0, 10.1, 10.05)), *seeds(trained, "b", (12.2, 12.3)))
    assert texts(make_verdict_grid(few, ["epoch_seconds"]), "verdict") == ["inconclusive, too few runs"]
    assert explain_verdicts(few, ["epoch_seconds"], {"interval"})[-1].startswith('"Too few runs": with 2 runs against')
