import math

import numpy as np
import pytest
from scipy import stats

from densebench.comparison import statistics
from densebench.comparison.grouping import group_runs
from densebench.comparison.judging.contrasts import Spread, contrast, count_seeds
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions


def contrast_of(metric, ours, theirs):
    """The contrast of runs against others."""
    (row,), (baseline,) = group_runs(ours, CompareOptions()), group_runs(theirs, CompareOptions())
    return contrast(METRICS[metric], row, baseline)


def accuracies(trained, values, seeds=range(9), **columns):
    return [trained("a", seed, value, **columns) for seed, value in zip(seeds, values, strict=False)]


def times(trained, values, seeds=range(9), **columns):
    return [trained("a", seed, seconds=value, **columns) for seed, value in zip(seeds, values, strict=False)]


def test_runs_of_the_same_seeds_are_paired(trained):
    ours, theirs = (0.93, 0.95, 0.94, 0.97), (0.90, 0.91, 0.92, 0.93)
    found = contrast_of("test_accuracy", accuracies(trained, ours), accuracies(trained, theirs))
    expected = statistics.paired_test(ours, theirs)
    assert found.paired
    assert (found.estimate, found.interval, found.p) == (expected.estimate, expected.interval, expected.p)
    assert found.p_permutation == statistics.paired_permutation_test(ours, theirs)
    assert found.spread.deviation == pytest.approx(statistics.variance([0.03, 0.04, 0.02, 0.04]) ** 0.5)
    assert found.spread.freedom == 1


def test_runs_of_other_seeds_take_welchs_test(trained):
    ours, theirs = (0.93, 0.95, 0.94, 0.97), (0.90, 0.91, 0.92, 0.93)
    found = contrast_of("test_accuracy", accuracies(trained, ours), accuracies(trained, theirs, range(1, 5)))
    expected = statistics.welch_test(ours, theirs)
    assert not found.paired
    assert (found.estimate, found.interval, found.p) == (expected.estimate, expected.interval, expected.p)
    assert found.p_permutation == statistics.permutation_test(ours, theirs)
    both = statistics.variance(ours), statistics.variance(theirs)
    assert found.spread.deviation == pytest.approx(sum(both) ** 0.5)
    assert found.spread.freedom == pytest.approx(sum(both) ** 2 / (both[0] ** 2 + both[1] ** 2))


def test_pairs_that_all_differ_by_the_same_take_welchs_test(trained):
    found = contrast_of("test_accuracy", accuracies(trained, (0.9, 0.8)), accuracies(trained, (0.7, 0.6)))
    assert (found.paired, found.p is None) == (False, False)


def test_no_interval_of_a_difference_of_accuracies_passes_100_points(trained):
    ours, theirs = (0.95, 0.2), (0.1, 0.6)
    found = contrast_of("test_accuracy", accuracies(trained, ours), accuracies(trained, theirs))
    untruncated = statistics.paired_test(ours, theirs)
    assert untruncated.interval.low < -1
    assert untruncated.interval.high > 1
    assert (found.interval.low, found.interval.high, found.p) == (-1, 1, untruncated.p)


def test_a_ratio_is_tested_on_its_logarithm(trained):
    ours, theirs = (8.0, 10.0, 12.5), (4.0, 5.0, 5.0)
    found = contrast_of("epoch_seconds", times(trained, ours), times(trained, theirs, range(3, 6)))
    expected = statistics.welch_test([*map(math.log, ours)], [*map(math.log, theirs)])
    assert found.estimate == pytest.approx(10 / 100 ** (1 / 3))  # of geometric means
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (math.exp(expected.interval.low), math.exp(expected.interval.high))
    )
    assert found.p == expected.p


def test_one_run_a_side_has_an_estimate_and_a_floor_but_no_test(trained):
    found = contrast_of("test_accuracy", [trained("a", accuracy=0.95)], [trained("b", accuracy=0.90)])
    assert (found.runs, found.interval, found.p, found.spread) == ((1, 1), None, None, None)
    assert found.estimate == pytest.approx(0.05)
    assert found.floor == statistics.binomial_floor(0.95, 0.90, 360)


def test_an_accuracy_that_cannot_be_one_has_no_floor(trained):
    assert contrast_of("test_accuracy", [trained(accuracy=1.5)], [trained(accuracy=0.9)]).floor is None
    assert contrast_of("test_accuracy", [trained(test_images=-1)], [trained(test_images=-1)]).floor is None


def test_values_without_spread_are_known_to_repeat_and_take_no_test(trained):
    found = contrast_of("gpu_peak_bytes", accuracies(trained, (0.9, 0.8)), accuracies(trained, (0.9, 0.8)))
    assert (found.repeats, found.estimate, found.p) == (True, 1.0, None)


def test_exact_figures_take_no_test(trained):
    found = contrast_of("params", accuracies(trained, (0.9, 0.8), params=3), accuracies(trained, (0.9, 0.8), params=2))
    assert (found.estimate, found.p) == (1.5, None)


def test_what_must_be_equal_and_is_not_leaves_no_estimate(trained):
    ours, theirs = accuracies(trained, (0.9, 0.8), dataset="cifar10"), accuracies(trained, (0.9, 0.7))
    found = contrast_of("test_accuracy", ours, theirs)
    assert (found.obstacles, found.estimate, found.p) == (("dataset",), None, None)


def test_times_of_other_hardware_are_marked_and_tested(trained):
    found = contrast_of("epoch_seconds", times(trained, (3, 4, 5), device="Slow Card"), times(trained, (3, 4, 6)))
    assert (found.marked, found.obstacles, found.p is None) == (True, (), False)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_leaves_no_estimate_and_no_test(trained, value):
    found = contrast_of("test_loss", accuracies(trained, (1 - value, 0.8)), accuracies(trained, (0.9, 0.7)))
    assert (found.estimate, found.p) == (None, None)


def test_a_ratio_to_nothing_is_unknown(trained):
    assert contrast_of("epoch_seconds", times(trained, (1.0,)), [trained(total_seconds=0.0)]).estimate is not None
    found = contrast_of("total_seconds", times(trained, (1.0,)), [trained(total_seconds=0.0)])
    assert (found.estimate, found.p) == (None, None)


@pytest.mark.parametrize(
    ("ours", "theirs", "seeds", "too_few"),
    [(2, 8, 20, True), (2, 3, 20, True), (2, 2, 20, False), (3, 8, 20, False), (2, 2, 0, False), (8, 2, 20, True)],
)
def test_two_runs_against_more_are_too_few_for_welchs_test(trained, ours, theirs, seeds, too_few):
    values = (0.93, 0.95, 0.94, 0.97, 0.92, 0.93, 0.91, 0.96)
    found = contrast_of(
        "test_accuracy",
        accuracies(trained, values[:ours]),
        accuracies(trained, values[-theirs:], range(seeds, seeds + theirs)),
    )
    assert found.too_few == too_few
    assert found.p is not None


def test_the_least_p_of_a_permutation_test_follows_from_the_number_of_runs(trained):
    values, others = (0.93, 0.95, 0.94, 0.97, 0.96), (0.8, 0.81, 0.82, 0.83, 0.84)
    pairs = contrast_of("test_accuracy", accuracies(trained, values), accuracies(trained, others))
    assert pairs.p_permutation == pairs.p_permutation_least == 0.0625
    apart = contrast_of("test_accuracy", accuracies(trained, values), accuracies(trained, others, range(9, 18)))
    assert apart.p_permutation == pytest.approx(apart.p_permutation_least) == pytest.approx(2 / 252)
    few = contrast_of("test_accuracy", accuracies(trained, values[:3]), accuracies(trained, others[:3]))
    assert (few.p_permutation, few.p_permutation_least) == (None, None)


def share_settled(truth, deviations, runs, margin, alpha, *, paired):
    """How often the interval of simulated runs leaves out 0 or lies within the margin, of 4,000."""
    random = np.random.default_rng(runs)
    ours, theirs = (random.normal(0, deviation, (4000, runs)) for deviation in deviations)
    if paired:
        result = stats.ttest_rel(ours + truth, theirs, axis=1)
    else:
        result = stats.ttest_ind(ours + truth, theirs, axis=1, equal_var=False)
    low, high = result.confidence_interval(1 - alpha)
    return ((low > 0) | (high < 0) | ((low >= -margin) & (high <= margin))).mean()


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("tests", [1, 6])
@pytest.mark.parametrize(
    ("estimate", "margin"), [(1.0, 0.0), (0.0, 1.0), (0.3, 1.0), (0.6, 1.2), (1.0, 1.2), (1.5, 1.2), (-1.0, 0.5)]
)
def test_the_seeds_that_are_needed_settle_it_four_times_in_five(estimate, margin, tests, paired):
    deviations, alpha = (0.6, 0.9), 0.05 / tests
    total = sum(deviation**2 for deviation in deviations)
    freedom = 1.0 if paired else total**2 / sum(deviation**4 for deviation in deviations)
    spread = Spread(deviation=total**0.5, freedom=freedom)
    needed = count_seeds(estimate, spread, margin, alpha)
    error = 3 * (0.8 * 0.2 / 4000) ** 0.5
    truths = [estimate, 0.0] if abs(estimate) <= margin else [estimate]
    found = [share_settled(truth, deviations, needed, margin, alpha, paired=paired) for truth in truths]
    assert min(found) > 0.8 - error
    short = [share_settled(truth, deviations, needed - 1, margin, alpha, paired=paired) for truth in truths]
    assert min(short) < 0.8 + error  # no more than needed


def test_what_a_hundred_seeds_would_not_settle_has_no_number():
    assert count_seeds(0.0, Spread(deviation=1.0, freedom=1.0), 0.0, 0.05) is None
    assert count_seeds(0.1, Spread(deviation=1.0, freedom=1.0), 0.0, 0.05) is None
