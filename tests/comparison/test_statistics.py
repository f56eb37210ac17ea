import itertools
import math
import operator
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from densebench.comparison import statistics

values = st.lists(st.floats(-100, 100), min_size=2, max_size=12)


# one of these, so that many values of a sample are near each other, equal, or differ by rounding alone
sizes = st.sampled_from([1e-200, 1e-30, 1e-9, 1.0, 1e9, 1e38, 1e200, 1e308])
steps = st.one_of(st.floats(-100, 100), st.integers(-2, 2).map(float), st.just(1 / 3))


@st.composite
def samples(draw, least=2):
    """Runs of a row around a centre of any size, with a spread of any size, ties, or none."""
    centre, spread = draw(steps) * draw(sizes), draw(st.sampled_from([0.0, 1e-15, 1e-9, 1e-3, 1.0])) * draw(sizes)
    return [centre + step * spread for step in draw(st.lists(steps, min_size=least, max_size=12))]


def t_test(estimate, error, freedom):
    """By the textbook: p, and the half-width of the interval."""
    return 2 * special.stdtr(freedom, -abs(estimate) / error), special.stdtrit(freedom, 0.975) * error


def welch_by_hand(ours, theirs):
    """Estimate, p, half-width of the interval and the size of rounding in units of the error; None without a test."""
    shares = statistics.variance(ours) / len(ours), statistics.variance(theirs) / len(theirs)
    estimate = statistics.mean(ours) - statistics.mean(theirs)
    if not 0 < sum(shares) < math.inf or not math.isfinite(estimate):
        return None
    share, error = shares[0] / sum(shares), math.sqrt(sum(shares))
    freedom = 1 / (share * share / (len(ours) - 1) + (1 - share) * (1 - share) / (len(theirs) - 1))
    return estimate, *t_test(estimate, error, freedom), rounding([*ours, *theirs]) / error


def paired_by_hand(ours, theirs):
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    spread = statistics.variance(differences, scale=max(map(abs, [*ours, *theirs])))
    if not 0 < spread < math.inf:
        return None
    estimate, error = statistics.mean(differences), math.sqrt(spread / len(differences))
    return estimate, *t_test(estimate, error, len(differences) - 1), rounding(differences) / error


def rounding(values):
    return 8 * sys.float_info.epsilon * max(map(abs, values))


def check(result, expected):
    """Equal to 1e-9; further apart only where adding the values rounds to more than that of the error."""
    if expected is None:
        assert result is None
        return
    estimate, p, half, rounded = expected
    within = 1e-9 + rounded
    assert result.estimate == estimate
    assert result.p == pytest.approx(p, abs=within)
    assert (result.interval.low, result.interval.high) == pytest.approx(
        (estimate - half, estimate + half), rel=1e-9, abs=within * half
    )


@given(samples(), samples())
def test_welch_is_that_of_the_textbook(ours, theirs):
    check(statistics.welch_test(ours, theirs), welch_by_hand(ours, theirs))


@given(st.data())
def test_the_paired_test_is_that_of_the_textbook(data):
    ours, steps_apart = data.draw(samples()), data.draw(samples(least=12))
    theirs = data.draw(
        st.sampled_from([steps_apart[: len(ours)], [one + step for one, step in zip(ours, steps_apart, strict=False)]])
    )
    check(statistics.paired_test(ours, theirs), paired_by_hand(ours, theirs))


@pytest.mark.filterwarnings("ignore:Precision loss occurred:RuntimeWarning")
@given(values, values)
def test_welch_agrees_with_scipy(ours, theirs):
    assume(max(np.ptp(ours), np.ptp(theirs)) > 1e-3)
    result = statistics.welch_test(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = expected.confidence_interval()
    assert result.estimate == pytest.approx(np.mean(ours) - np.mean(theirs), abs=1e-9)
    assert result.p == pytest.approx(expected.pvalue, abs=1e-9)
    assert (result.interval.low, result.interval.high) == pytest.approx((interval.low, interval.high), abs=1e-6)


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=12))
def test_the_paired_test_agrees_with_scipy(pairs):
    ours, theirs = zip(*pairs, strict=True)
    assume(np.ptp(np.subtract(ours, theirs)) > 1e-3)
    result = statistics.paired_test(ours, theirs)
    expected = stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval()
    assert result.p == pytest.approx(expected.pvalue, abs=1e-9)
    assert (result.interval.low, result.interval.high) == pytest.approx((interval.low, interval.high), abs=1e-6)


@given(values)
def test_the_interval_of_a_mean_agrees_with_scipy(ours):
    assume(np.ptp(ours) > 1e-3)
    result = statistics.mean_interval(ours)
    expected = stats.ttest_1samp(ours, 0).confidence_interval()
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


fractions = st.floats(0, 1)


@given(st.lists(fractions, min_size=2, max_size=12))
def test_the_interval_of_fractions_holds_their_mean_and_stays_between_0_and_1(ours):
    interval = statistics.fraction_interval(ours)
    centre = statistics.mean(ours)
    assert 0 <= interval.low <= centre * (1 + 1e-15)
    assert centre * (1 - 1e-15) <= interval.high <= 1


@given(st.lists(st.floats(0.001, 0.999), min_size=2, max_size=12))
def test_the_interval_of_fractions_is_students_by_the_delta_method_on_the_logit_scale(ours):
    centre, error = np.mean(ours), np.std(ours, ddof=1) / math.sqrt(len(ours))
    assume(error > 1e-9)
    half = stats.t.ppf(0.975, len(ours) - 1) * error / (centre * (1 - centre))
    expected = special.expit(special.logit(centre) - half), special.expit(special.logit(centre) + half)
    interval = statistics.fraction_interval(ours)
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


def test_fractions_that_vary_little_have_nearly_students_interval():
    ours = [0.95, 0.9501, 0.9499]
    student, logit = statistics.mean_interval(ours), statistics.fraction_interval(ours)
    assert (logit.low, logit.high) == pytest.approx((student.low, student.high), abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_equal_fractions_have_an_interval_without_width(value):
    assert statistics.fraction_interval([value] * 3) == statistics.Interval(low=value, high=value)


def test_fractions_of_which_some_are_0_or_1_have_an_interval_inside():
    for ours in ([1.0, 0.99], [0.0, 0.01], [0.0, 1.0], [1.0, 1.0, 0.5]):
        interval = statistics.fraction_interval(ours)
        assert 0 < interval.low < statistics.mean(ours) < interval.high < 1


def test_one_fraction_has_no_interval_and_what_is_no_fraction_has_students():
    assert statistics.fraction_interval([0.9]) is None
    assert statistics.fraction_interval([0.9, 93.5]) == statistics.mean_interval([0.9, 93.5])


@pytest.mark.parametrize(("a", "b"), [(950, 50), (198, 2), (59, 1)])
def test_the_interval_of_fractions_covers_their_mean_nearly_as_often_as_it_says(a, b):
    """2,000 rows of five runs whose accuracies follow a beta distribution; Student's covers 88 % in the last."""
    drawn = np.random.default_rng(a).beta(a, b, (2000, 5)).tolist()
    covered = {
        interval_of: sum(found.low <= a / (a + b) <= found.high for found in map(interval_of, drawn)) / 2000
        for interval_of in (statistics.fraction_interval, statistics.mean_interval)
    }
    assert covered[statistics.fraction_interval] >= max(0.92, covered[statistics.mean_interval] - 0.01)


def test_an_interval_is_cut_at_the_bounds_of_its_quantity():
    cut = statistics.truncate_interval
    assert cut(statistics.Interval(low=-1.5, high=0.5), -1, 1) == statistics.Interval(low=-1, high=0.5)
    assert cut(statistics.Interval(low=0.1, high=0.2), -1, 1) == statistics.Interval(low=0.1, high=0.2)
    assert cut(statistics.Interval(low=2.0, high=3.0), -1, 1) == statistics.Interval(low=1, high=1)


@pytest.mark.parametrize(("ours", "theirs"), [(4, 4), (4, 6), (5, 5), (7, 4)])
def test_the_exact_permutation_test_agrees_with_scipy(ours, theirs):
    random = np.random.default_rng(ours * 10 + theirs)
    first, second = random.normal(0.5, 1, ours), random.normal(0, 1, theirs)
    expected = stats.permutation_test(
        (first, second), lambda x, y, axis: x.mean(axis) - y.mean(axis), vectorized=True, n_resamples=np.inf
    )
    assert statistics.permutation_test(first, second) == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("pairs", [4, 5, 8])
def test_the_exact_test_of_pairs_agrees_with_scipy(pairs):
    random = np.random.default_rng(pairs)
    first, second = random.normal(0.5, 1, pairs), random.normal(0, 1, pairs)
    expected = stats.permutation_test(
        (first, second),
        lambda x, y, axis: (x - y).mean(axis),
        vectorized=True,
        n_resamples=np.inf,
        permutation_type="samples",
    )
    assert statistics.paired_permutation_test(first, second) == pytest.approx(expected.pvalue, abs=1e-12)


def two_tails(sums, observed):
    above, below = (sum(test(one, observed) for one in sums) for test in (operator.ge, operator.le))
    return min(1.0, 2 * min(above, below) / len(sums))


right_answers = st.lists(st.integers(320, 330), min_size=4, max_size=5)  # of 360 test images


@given(right_answers, right_answers)
def test_the_exact_p_of_accuracies_is_that_of_their_counts(ours, theirs):
    p = statistics.permutation_test([count / 360 for count in ours], [count / 360 for count in theirs])
    sums = [sum(dealt) for dealt in itertools.combinations(ours + theirs, len(ours))]
    assert p == pytest.approx(two_tails(sums, sum(ours)), abs=1e-12)


@given(st.lists(st.tuples(st.integers(320, 330), st.integers(320, 330)), min_size=4, max_size=8))
def test_the_exact_p_of_pairs_of_accuracies_is_that_of_their_counts(pairs):
    p = statistics.paired_permutation_test(*([count / 360 for count in side] for side in zip(*pairs, strict=True)))
    sums = [sum(swapped) for swapped in itertools.product(*((one - other, other - one) for one, other in pairs))]
    assert p == pytest.approx(two_tails(sums, sum(one - other for one, other in pairs)), abs=1e-12)


def test_equal_values_count_as_ties_however_they_are_rounded():
    assert statistics.permutation_test([0.1 + 0.2] * 4, [0.3] * 4) == 1.0
    assert statistics.paired_permutation_test([0.1 + 0.2] * 4, [0.3] * 4) == 1.0


def test_below_four_runs_a_side_there_is_no_permutation_test():
    assert statistics.permutation_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]) is None
    assert statistics.paired_permutation_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) is None


def test_four_runs_apart_reach_the_smallest_p_there_is():
    assert statistics.permutation_test([1.0, 2, 3, 4], [5.0, 6, 7, 8]) == pytest.approx(2 / math.comb(8, 4))


def test_one_run_or_no_spread_allows_no_test():
    assert statistics.welch_test([1.0], [2.0, 3.0]) is None
    assert statistics.welch_test([0.1] * 3, [0.3] * 3) is None
    assert statistics.paired_test([1.0], [2.0]) is None
    assert statistics.mean_interval([1.0]) is None


def test_a_shift_that_is_the_same_for_every_seed_up_to_rounding_has_no_spread():
    theirs = [0.91, 0.92, 0.935, 0.94]
    assert statistics.paired_test([value + 0.001 for value in theirs], theirs) is None


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([0.6, 0.9]) == [1.0, 1.0]
    assert statistics.holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values):
    adjusted = statistics.holm(p_values)
    assert all(after >= before for after, before in zip(adjusted, p_values, strict=True))
    for (before, after), (other_before, other_after) in itertools.combinations(zip(p_values, adjusted, strict=True), 2):
        assert (before - other_before) * (after - other_after) >= 0


def test_the_binomial_floor_of_one_run_is_0_22_points_of_standard_error():
    half = statistics.binomial_floor(0.95, 0.95, 10_000)
    assert half / special.ndtri(0.975) / math.sqrt(2) == pytest.approx(0.0022, abs=5e-5)


@pytest.mark.parametrize("alpha", [0.05, 0.0025])
@pytest.mark.parametrize(("ours", "theirs"), [([1.0, 2.0, 4.0], [0.5, 0.7]), ([1e9, 1e9 + 3.0, 1e9 - 2.0], [7.0, 9.0])])
def test_an_interval_at_any_level_is_scipys(alpha, ours, theirs):
    found = statistics.welch_test(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(1 - alpha)
    interval = statistics.interval_at(alpha, found.estimate, found.error, found.freedom)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_the_p_beyond_a_bound_is_the_level_at_which_the_interval_touches_it():
    found = statistics.paired_test([1.0, 2.0, 4.0], [0.5, 0.7, 1.5])
    p = statistics.p_beyond(found.estimate - 0.2, found.error, found.freedom)
    assert statistics.interval_at(p, found.estimate, found.error, found.freedom).low == pytest.approx(0.2)
    assert statistics.p_beyond(found.estimate, found.error, found.freedom) == pytest.approx(found.p)
    assert statistics.p_beyond(-0.1, found.error, found.freedom) == 1


@pytest.mark.parametrize(
    ("p_values", "alphas"),
    [
        ([], []),
        ([0.2], [0.05]),
        ([0.03, 0.001, 0.9], [0.05 / 3] * 3),  # the second is rejected, and 0.03 is not below 0.05 / 2
        ([0.02, 0.001, 0.9], [0.05 / 2, 0.05 / 3, 0.05 / 3]),
        ([0.04, 0.02, 0.001], [0.05, 0.05 / 2, 0.05 / 3]),
    ],
)
def test_the_interval_of_a_test_agrees_with_holms_decision(p_values, alphas):
    found = statistics.decision_alphas(p_values, 0.05)
    assert found == pytest.approx(alphas)
    adjusted = statistics.holm(p_values)
    assert [p < alpha for p, alpha in zip(p_values, found, strict=True)] == [p < 0.05 for p in adjusted]


def test_the_levels_of_several_looks():
    assert [statistics.share_alpha(looks) for looks in (1, 2, 3)] == pytest.approx([0.05, 0.05 / 3, 0.01])


@pytest.mark.parametrize("runs", range(2, 11))
@pytest.mark.parametrize("paired", [False, True])
def test_false_positives_stay_under_six_percent(runs, paired):
    """10,000 comparisons of networks that do not differ; the deviations of the sides do, by up to three times."""
    random = np.random.default_rng(runs)
    first, second = random.normal(0, 1, (10_000, runs)), random.normal(0, random.choice([1, 3]), (10_000, runs))
    if paired:
        test, p_values = statistics.paired_test, stats.ttest_rel(first, second, axis=1).pvalue
    else:
        test, p_values = statistics.welch_test, stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
    ours = [test(*pair).p for pair in zip(first[:100].tolist(), second[:100].tolist(), strict=True)]
    assert ours == pytest.approx(p_values[:100], abs=1e-12)  # so what holds for all of SciPy's holds for ours
    assert (p_values < 0.05).mean() < 0.06


def test_numbers_too_large_to_square_allow_no_test():
    assert statistics.welch_test([1e200, 2e200], [3e200, 5e200]) is None
    assert statistics.paired_test([1e200, 2e200], [3e200, 5e200]) is None
    assert statistics.welch_test([1e308] * 3, [1e150, 2e150]) is None


def test_a_side_without_spread_beside_one_that_has_some_raises_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert statistics.welch_test([0.1] * 3, [0.2, 0.3, 0.4]).p == pytest.approx(0.0741799, abs=1e-6)


def test_sums_neither_round_in_between_nor_raise():
    assert statistics.total([1e16, 1.0, -1e16]) == 1.0
    assert statistics.total([1e308, 1e308]) == math.inf
    assert math.isnan(statistics.total([math.inf, -math.inf]))
    assert statistics.mean([1e16, 1.0, -1e16]) == 1 / 3


def test_only_the_t_tests_load_scipy_stats():
    program = (
        "import sys; from densebench.comparison import statistics as s; s.mean_interval([1.0, 2.0]);"
        "s.permutation_test([1.0] * 4, [2.0] * 4); s.welch_test([1.0], [2.0]); s.welch_test([1.0, 1.0], [2.0, 2.0]);"
        "assert 'scipy.stats' not in sys.modules; s.welch_test([1.0, 2.0], [2.0, 4.0]);"
        "assert 'scipy.stats' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
