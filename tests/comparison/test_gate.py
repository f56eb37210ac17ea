import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options
from densebench.errors import InputError


def gate(runs, fail_on, *, strict=False, baseline="a"):
    return compare(runs, parse_compare_options(baseline=baseline, fail_on=fail_on, strict=strict)).gate


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
