import math

import numpy as np
import pytest
from scipy import stats

from densebench.comparison.compare import compare
from densebench.comparison.judging.gate import judge_gate
from densebench.comparison.options import parse_compare_options, parse_thresholds
from densebench.errors import InputError


def gate(runs, fail_on, *, strict=False, baseline="a", level="family"):
    options = parse_compare_options(baseline=baseline, fail_on=fail_on, strict=strict, gate_level=level)
    return compare(runs, options).gate


def both(trained, seconds=10.0, spread=0.01, **columns):
    """Four runs of the baseline ``a`` at 10 s an epoch and four of ``b``."""
    noise = [0.0, 1.0, -1.0, 0.5]
    return [
        *(trained("a", seed, seconds=10 + spread * noise[seed]) for seed in range(4)),
        *(trained("b", seed, seconds=seconds + spread * noise[-seed], **columns) for seed in range(4)),
    ]


def test_a_regression_whose_whole_interval_lies_beyond_fails(trained):
    result = gate(both(trained, seconds=11), "epoch_seconds>+5%")
    assert result.failed
    assert [(entry.row, entry.outcome) for entry in result.conditions] == [("b", "failed")]
    assert "all of it lies beyond" in result.conditions[0].reason


def test_a_change_short_of_the_bound_passes(trained):
    result = gate(both(trained, seconds=10.2), "epoch_seconds>+5%")
    assert not result.failed
    assert result.conditions[0].outcome == "passed"


@pytest.mark.parametrize(("strict", "failed"), [(False, False), (True, True)])
def test_an_interval_around_the_bound_fails_only_a_strict_gate(trained, strict, failed):
    result = gate(both(trained, seconds=10.5, spread=0.5), "epoch_seconds>+5%", strict=strict)
    assert result.conditions[0].outcome == "inconclusive"
    assert result.failed is failed


@pytest.mark.parametrize(("strict", "failed"), [(False, False), (True, True)])
def test_a_row_without_a_counterpart_is_undecided_and_fails_a_strict_gate(trained, strict, failed):
    runs = [trained("a"), trained("a", batch_size=32), trained("a", batch_size=16, backend="jax", seconds=30)]
    result = gate([*runs, trained("a", backend="jax")], "params>+0%", strict=strict, baseline="backend=tensorflow")
    found = {entry.row: (entry.outcome, entry.reason) for entry in result.conditions}
    assert found["a · batch 16 · jax"] == ("inconclusive", "No single row of the baseline corresponds to it.")
    assert len(found) == 2
    assert result.failed is failed


@pytest.mark.parametrize(("strict", "failed"), [(False, False), (True, True)])
def test_a_network_of_the_baselines_file_that_is_not_there_any_more_is_undecided(trained, strict, failed):
    before = [trained(variant, started="2026-01-01") for variant in ("a", "b")]
    options = parse_compare_options(fail_on="params>+0%", strict=strict)
    comparison = compare([trained("a", started="2026-02-01")], options, before)
    found = [(entry.row, entry.outcome) for entry in comparison.gate.conditions]
    assert found == [("a", "passed"), ("b", "inconclusive")]
    assert comparison.gate.failed is failed
    assert any(note.startswith("Nothing was given to compare with the baseline's b") for note in comparison.notes)


def test_lost_accuracy_fails_by_points(trained):
    runs = [
        *(trained("a", seed, 0.95 + seed / 10_000) for seed in range(4)),
        *(trained("b", seed, 0.94 + seed / 9000) for seed in range(4)),
    ]
    assert gate(runs, "test_accuracy<-0.3pp").failed
    assert not gate(runs, "test_accuracy<-1.5pp").failed


def test_exact_figures_are_compared_exactly_with_one_run_a_side(trained):
    runs = [trained("a", params=100), trained("b", params=101)]
    assert gate(runs, "params>+0%").failed
    assert not gate(runs, "params>+1%").failed


def test_one_run_a_side_is_inconclusive_otherwise(trained):
    runs = [trained("a", seconds=10), trained("b", seconds=20)]
    assert gate(runs, "epoch_seconds>+5%").conditions[0].outcome == "inconclusive"
    assert gate(runs, "epoch_seconds>+5%", strict=True).failed


def test_times_of_other_hardware_cannot_fail_the_gate(trained):
    result = gate(both(trained, seconds=20, device="Slow Card"), "epoch_seconds>+5%")
    assert result.conditions[0].outcome == "inconclusive"
    assert "across different hardware" in result.conditions[0].reason


def test_times_on_other_numbers_of_devices_neither_fail_nor_pass_the_gate(trained):
    result = gate(both(trained, seconds=20, devices=2), "epoch_seconds>+5%")
    assert result.conditions[0].outcome == "inconclusive"
    assert result.conditions[0].reason == "Devices differs."


def test_unknown_figures_are_inconclusive(trained):
    result = gate(both(trained), "energy>+5%")
    assert [entry.reason for entry in result.conditions] == ["energy_joules is unknown on a side."]


def test_every_condition_is_judged_for_every_row(trained):
    runs = [*both(trained), *(trained("c", seed) for seed in range(4))]
    result = gate(runs, "epoch_seconds>+5%, params>+0%")
    assert [(entry.row, entry.condition) for entry in result.conditions] == [
        ("b", "epoch_seconds>+5%"),
        ("b", "params>+0%"),
        ("c", "epoch_seconds>+5%"),
        ("c", "params>+0%"),
    ]


def test_a_budget_does_not_silence_the_gate(trained):
    options = parse_compare_options(baseline="a", fail_on="params>+0%", budget="params<=100")
    comparison = compare([trained("a", params=100), trained("b", params=101)], options)
    assert [row.label for row in comparison.rows] == ["a"]
    assert comparison.gate.failed


def test_a_gate_without_a_baseline_or_without_anything_to_judge_is_refused(trained):
    with pytest.raises(InputError, match="--baseline"):
        compare([trained("a")], parse_compare_options(fail_on="params>+0%"))
    with pytest.raises(InputError, match="nothing to judge"):
        gate([trained("a")], "params>+0%")


def simulate_gates(gates=4000, rows=10, runs=5):
    """Logarithms of times, and accuracies, of gates over rows that do not differ from their baseline: two arrays."""
    random = np.random.default_rng(11)
    shape = (gates, rows + 1, runs)
    return random.normal(0, 0.02, shape), random.normal(0, 0.003, shape)


def p_of_regressions(values, sign):
    """The p of each row's being beyond no change at all on the bad side: (gates, rows)."""
    return stats.ttest_rel(values[:, 1:], values[:, :1], axis=2).pvalue + (
        sign * (values[:, 1:] - values[:, :1]).mean(axis=2) <= 0
    )


def test_of_gates_over_ten_rows_and_two_conditions_without_a_difference_five_in_a_hundred_fail_at_most(trained):
    logarithms, accuracies = simulate_gates()
    p_values = np.concatenate([p_of_regressions(logarithms, 1), p_of_regressions(accuracies, -1)], axis=1)
    failing = {"family": p_values.min(axis=1) < 0.05 / 20, "each": p_values.min(axis=1) < 0.05}
    assert failing["family"].mean() < 0.05 + 3 * (0.05 * 0.95 / 4000) ** 0.5
    assert failing["each"].mean() > 0.2
    thresholds = parse_thresholds("epoch_seconds>+0%,test_accuracy<-0pp")
    for place in (0, *np.flatnonzero(failing["family"])[:2], np.flatnonzero(failing["each"])[0]):  # ours agrees
        runs = [
            trained(f"v{row}", seed, 0.9 + accuracies[place, row, seed], 10 * math.exp(logarithms[place, row, seed]))
            for row in range(11)
            for seed in range(5)
        ]
        rows = compare(runs, parse_compare_options(baseline="v0")).rows
        for level, expected in failing.items():
            assert judge_gate(rows, thresholds, strict=False, level=level).failed == expected[place]


def test_a_condition_names_the_level_of_its_interval(trained):
    runs = [*both(trained, seconds=11), *(trained("c", seed, seconds=9 + seed / 7) for seed in range(4))]
    family, each = (gate(runs, "epoch_seconds>+5%", level=level) for level in ("family", "each"))
    assert [entry.confidence for entry in family.conditions] == [0.975, 0.975]
    assert [entry.confidence for entry in each.conditions] == [0.95, 0.95]
    assert "97.5 % interval [" in family.conditions[0].reason
    assert "95 % interval [" in each.conditions[0].reason


def test_where_gate_and_verdict_differ_for_their_levels_the_reason_names_both(trained):
    seconds = (10.3, 10.08, 10.45, 10.2)  # p 0.045
    runs = [
        *(trained("a", seed, seconds=10) for seed in range(4)),
        *(trained("b", seed, seconds=value) for seed, value in enumerate(seconds)),
    ]
    result = gate(runs, "epoch_seconds>+0%,test_accuracy<-1pp,total_time>+0%,test_loss>+0")
    one = next(entry for entry in result.conditions if entry.condition == "epoch_seconds>+0%")
    assert one.outcome == "inconclusive"
    assert one.reason.endswith(": the bound lies inside; the verdict, worse, takes 95 %.")
    assert gate(runs, "epoch_seconds>+0%,total_time>+0%", level="each").conditions[0].outcome == "failed"


def test_a_regression_within_the_margin_says_why_the_verdict_is_another(trained):
    seconds = (10.05, 10.04, 10.06, 10.05)
    runs = [
        *(trained("a", seed, seconds=10) for seed in range(4)),
        *(trained("b", seed, seconds=value) for seed, value in enumerate(seconds)),
    ]
    (one,) = gate(runs, "epoch_seconds>+0%").conditions
    assert one.outcome == "failed"
    assert one.reason.endswith(": all of it lies beyond; the verdict is same, as it lies within --margin.")


def test_too_few_runs_decide_no_condition(trained):
    runs = [
        *(trained("a", seed, seconds=10 + seed / 10) for seed in range(8)),
        *(trained("b", seed, seconds=20 + seed / 10) for seed in range(2)),
    ]
    (one,) = gate(runs, "epoch_seconds>+5%").conditions
    assert (one.outcome, one.confidence) == ("inconclusive", None)
    assert "2 against 8 runs are too few for Welch's t test" in one.reason
