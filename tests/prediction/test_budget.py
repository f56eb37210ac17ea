import itertools

import pytest

from densebench.comparison.statistics import Interval
from densebench.errors import InputError
from densebench.prediction.budget import find_excess, find_figure, find_plan_figure, judge, parse_plan_budget
from densebench.prediction.values import Accuracy, TargetTime

GIB = 2**30


def reached(value):
    return Accuracy(mean=value, low=value, high=value, deviation=None, count=1, is_own=True, source="1 own run")


def test_limits_are_read_under_every_name():
    limits = parse_plan_budget("total_time<=8h, gpu_peak_bytes<=8GiB,price<=5,predicted_peak_bytes<1GiB,accuracy>=94%")
    assert [(limit.of.word, limit.sign, limit.value) for limit in limits] == [
        ("time", "<=", 28_800.0),
        ("GPU memory", "<=", 8 * GIB),
        ("price", "<=", 5.0),
        ("memory", "<", GIB),
        ("accuracy", ">=", pytest.approx(0.94)),
    ]


def test_a_figure_that_a_plan_has_not_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"figure of a plan 'total_tim'.*total_time"):
        parse_plan_budget("total_tim<=8h")


@pytest.mark.parametrize("text", ["total_time<=8GiB", "price<=5h", "memory<=1h"])
def test_a_unit_that_does_not_fit_is_refused(text):
    with pytest.raises(InputError, match="unit does not fit"):
        parse_plan_budget(text)


@pytest.mark.parametrize(
    ("text", "fits", "is_close", "reason"),
    [
        ("total_time<=200s", True, False, ""),
        ("total_time<=105s", True, True, ""),
        ("total_time<=99s", False, False, "time"),
        ("total_time<=99s,memory<=1MiB", False, False, "time and memory"),
        ("total_time<=99s,price<=1", False, False, "time"),
        ("price<=1", None, False, "price unknown"),
        ("gpu_peak_bytes<=8GiB", None, False, "GPU memory unknown"),
        ("host_peak_bytes<=8GiB", True, False, ""),
        ("accuracy>=90%", None, False, "accuracy unknown"),
        ("params<=1000,macs<=2000000", True, False, ""),
        ("params<1000", False, False, "params"),
    ],
)
def test_a_candidate_is_within_beyond_or_unknown(candidate, text, fits, is_close, reason):
    found = judge(candidate(), parse_plan_budget(text), 1)
    assert (found.fits, found.is_close, found.reason) == (fits, is_close, reason)


def test_time_energy_and_price_add_up_over_seeds_and_memory_does_not(candidate):
    one = candidate(seconds=100.0, price=2.0, energy=10.0, peak=1e9)
    for name, figure in (("total_time", 500.0), ("price", 10.0), ("energy", 50.0), ("memory", 1e9)):
        assert find_figure(find_plan_figure(name), one, 5)[0] == figure
    assert judge(one, parse_plan_budget("total_time<=400s"), 5).fits is False
    assert judge(one, parse_plan_budget("total_time<=400s"), 3).fits is True


def test_a_candidate_without_a_prediction_is_unknown(candidate):
    found = judge(candidate(prediction=None), parse_plan_budget("total_time<=1h,params<=10000"), 1)
    assert (found.fits, found.reason) == (None, "time unknown")


def test_every_pair_of_limits_agrees_with_brute_force(candidate):
    axes = itertools.product((10, 1000), (1e8, 1e10), (None, 1.0, 9.0), (None, 0.5, 0.99))
    ones = [
        candidate(seconds=seconds, peak=peak, price=price, accuracy=value and reached(value))
        for seconds, peak, price, value in axes
    ]
    for seconds, peak, price, value in itertools.product((50, 5000), (1e9, 1e11), (5.0, 10.0), (0.9, 0.1)):
        limits = parse_plan_budget(f"total_time<={seconds}s,memory<={peak:.0f}B,price<={price},accuracy>={value}")
        for one in ones:
            kept = (
                one.prediction.total_seconds <= seconds,
                one.prediction.peak_bytes <= peak,
                None if one.prediction.price is None else one.prediction.price <= price,
                None if one.accuracy is None else one.accuracy.mean >= value,
            )
            assert judge(one, limits, 1).fits is (False if False in kept else None if None in kept else True)


def test_the_excess_is_the_worst_ratio(candidate):
    one = candidate(seconds=300.0, peak=4e9, accuracy=reached(0.45))
    assert find_excess(one, parse_plan_budget("total_time<=100s,memory<=2000000000B"), 1) == 3.0
    assert find_excess(one, parse_plan_budget("accuracy>=90%"), 1) == pytest.approx(2.0)
    assert find_excess(one, parse_plan_budget("price<=1"), 1) is None


@pytest.mark.parametrize(
    ("epochs", "seconds", "interval", "limit", "fits", "is_close", "reason"),
    [
        ((2, 2), 50.0, (40.0, 60.0), "70s", True, False, ""),
        ((2, 2), 50.0, (40.0, 60.0), "55s", True, True, ""),
        ((2, 2), 50.0, (40.0, 60.0), "45s", False, False, "time to target"),
        ((2, 2), 50.0, None, "55s", True, False, ""),
        ((2,), None, None, "1000h", False, False, "time to target"),
        ((), None, None, "1000h", False, False, "time to target"),
        ((2, 2), None, None, "1000h", None, False, "time to target unknown"),
    ],
)
def test_a_time_to_a_target_is_limited_and_a_run_that_missed_it_is_beyond_any(
    candidate, epochs, seconds, interval, limit, fits, is_close, reason
):
    span = None if interval is None else Interval(low=interval[0], high=interval[1])
    found = TargetTime(epochs=epochs, count=2, best=0.9, seconds=seconds, interval=span)
    judged = judge(candidate(target_time=found), parse_plan_budget(f"time_to_target<={limit}"), 5)
    assert (judged.fits, judged.is_close, judged.reason) == (fits, is_close, reason)


def test_without_a_learning_curve_a_time_to_a_target_is_unknown(candidate):
    judged = judge(candidate(), parse_plan_budget("time_to_target<=1h"), 1)
    assert (judged.fits, judged.reason) == (None, "time to target unknown")
