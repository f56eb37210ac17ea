import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.reporting.comparison_grids import gate_grid, phase_grid, verdict_grid


def texts(grid, name):
    return [cell.text for column in grid.columns if column.name == name for cell in column.cells]


def judged(*runs, **options):
    return compare(runs, parse_compare_options(baseline=runs[0].variant, **options))


@pytest.mark.parametrize(("phase", "is_shown"), [("train", False), ("eval", True), ("speed", True)])
def test_throughput_is_judged_in_a_phase_without_epochs_to_time(trained, phase, is_shown):
    compared = judged(trained("a", phase=phase), trained("b", phase=phase))
    assert ("Images/s" in texts(verdict_grid(compared.rows, None), "metric")) == is_shown


def test_host_memory_is_judged_where_that_of_a_gpu_is_unknown(trained):
    runs = [
        dataclasses.replace(
            run,
            records=tuple(dataclasses.replace(one, gpu_peak_bytes=gpu, host_peak_bytes=2**29) for one in run.records),
        )
        for run, gpu in ((trained("a"), None), (trained("b"), None), (trained("c"), 2**30))
    ]
    grid = verdict_grid(judged(*runs).rows, None)
    memory = [row for row, metric in zip(texts(grid, "row"), texts(grid, "metric"), strict=True) if "memory" in metric]
    assert memory == ["b"]


def test_chosen_columns_choose_the_verdicts_too(trained):
    compared = judged(trained("a"), trained("b"))
    assert texts(verdict_grid(compared.rows, ["params"]), "metric") == ["Params"]
    assert verdict_grid(compared.rows, ["seed"]) is None


def test_without_a_baseline_there_are_no_verdicts(trained):
    assert verdict_grid(compare([trained("a"), trained("b")], CompareOptions()).rows, None) is None


def test_a_gate_has_a_line_for_each_condition_of_each_row(trained):
    compared = judged(trained("a"), trained("b"), fail_on="params>+5%,epoch_seconds>+5%")
    assert texts(gate_grid(compared.gate), "condition") == ["params>+5%", "epoch_seconds>+5%"]


def test_rows_that_another_beats_are_shown_faintly(trained):
    rows = compare([trained("a", accuracy=0.9), trained("b", accuracy=0.8, seconds=20.0)], CompareOptions()).rows
    assert phase_grid(rows, None, labels=True).dim == (False, True)


def test_an_unfinished_run_puts_the_status_first(trained):
    rows = compare([trained("a"), trained("b", status="failed")], CompareOptions()).rows
    assert [column.name for column in phase_grid(rows, None, labels=False).columns][:2] == ["variant", "status"]
