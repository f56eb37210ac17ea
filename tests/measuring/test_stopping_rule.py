import numpy as np
import pytest
from scipy import stats

from densebench.measuring.stopping_rule import (
    choose_patience,
    estimate_median_interval,
    estimate_steady_state,
    find_interval_rank,
    may_stop,
)


def noise(count: int, deviation: float, seed: int = 0) -> list[float]:
    """Seconds of steps around 1 with a long tail to the slow side."""
    return np.random.default_rng(seed).lognormal(0, deviation, count).tolist()


@pytest.mark.parametrize("count", [6, 7, 10, 20, 51, 200, 1000])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_as_many_ends_are_left_out_as_the_binomial_distribution_allows(count, confidence) -> None:
    rank = find_interval_rank(count, confidence)
    below = stats.binom(count, 0.5)
    assert rank is None or 2 * below.cdf(rank) <= 1 - confidence + 1e-12
    following = 0 if rank is None else rank + 1
    assert 2 * below.cdf(following) > 1 - confidence


@pytest.mark.parametrize("count", range(6))
def test_fewer_than_six_steps_have_no_interval(count) -> None:
    assert estimate_median_interval([1.0] * count) is None


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    held = [low <= 1 <= high for seed in range(1000) for low, high in [estimate_median_interval(noise(30, 0.3, seed))]]
    assert np.mean(held) >= 0.94


def test_steady_steps_reach_the_target_at_the_fewest_that_are_asked() -> None:
    assert not estimate_steady_state([1.0] * 9, fewest=10).reached
    assert estimate_steady_state([1.0] * 10, fewest=10).reached


def test_noise_takes_more_steps_and_then_reaches_the_target() -> None:
    assert not estimate_steady_state(noise(20, 0.2)).reached
    state = estimate_steady_state(noise(3000, 0.2))
    assert state.reached
    assert state.low < state.median < state.high
    assert state.steps == 3000


def test_a_wider_target_is_reached_where_a_narrower_is_not() -> None:
    steps = noise(100, 0.1)
    assert estimate_steady_state(steps, target=0.1).reached
    assert not estimate_steady_state(steps, target=0.01).reached


def test_both_ends_of_the_interval_must_lie_within_the_target() -> None:
    slow_side = [1.0] * 60 + [1.5] * 50
    fast_side = [1.0] * 60 + [0.5] * 50
    assert not estimate_steady_state(slow_side).reached
    assert not estimate_steady_state(fast_side).reached


def test_one_outlier_does_not_keep_the_target_from_being_reached() -> None:
    assert estimate_steady_state([1.0] * 30 + [60.0]).reached


def test_nothing_is_known_of_no_steps() -> None:
    state = estimate_steady_state([])
    assert state.median is state.low is state.high is None
    assert not state.reached


def test_the_time_limit_ends_an_unsteady_measurement_after_a_step() -> None:
    assert may_stop([3.0], elapsed_seconds=60, limit_seconds=60, target=0.02)
    assert not may_stop([], elapsed_seconds=60, limit_seconds=60, target=0.02)
    assert not may_stop([3.0], elapsed_seconds=59, limit_seconds=60, target=0.02)


def test_a_steady_measurement_ends_before_the_time_limit() -> None:
    assert may_stop([1.0] * 10, elapsed_seconds=10, limit_seconds=60, target=0.02)


@pytest.mark.parametrize("deviation", [0.01, 0.05, 0.1])
def test_where_a_measurement_stops_the_median_is_within_the_target_of_the_truth(deviation) -> None:
    misses = 0
    for seed in range(40):
        steps = noise(5000, deviation, seed)
        count = 1
        while not may_stop(steps[:count], elapsed_seconds=0, limit_seconds=1, target=0.02):
            count += 1
        misses += abs(estimate_steady_state(steps[:count]).median - 1) > 0.02
    assert misses <= 4


# A GPU


def measure_ramp(patience, ramp_seconds: float, target: float = 0.02) -> tuple[float, float]:
    """Median and timed seconds of steps of 5 ms that a clock still ramping up makes 30 % slower at first."""
    now, seconds = 0.0, []

    def step() -> float:
        return 0.005 * (1 + 0.3 * max(0.0, 1 - now / ramp_seconds))

    while now < patience.warm_up_seconds:
        now += step()
    while not may_stop(
        seconds, elapsed_seconds=now, limit_seconds=600, target=target, patience=patience, timed_seconds=sum(seconds)
    ):
        seconds.append(step())
        now += seconds[-1]
    return float(np.median(seconds)), sum(seconds)


def test_without_patience_a_ramp_of_the_clock_is_taken_for_steady_steps() -> None:
    median, timed = measure_ramp(choose_patience("cpu", energy=False), ramp_seconds=1.0)
    assert median > 0.005 * 1.25
    assert timed < 0.1


def test_on_a_gpu_a_ramp_is_over_before_the_steps_are_timed() -> None:
    median, timed = measure_ramp(choose_patience("gpu", energy=False), ramp_seconds=1.0)
    assert median == pytest.approx(0.005)
    assert timed == pytest.approx(3.0, rel=0.1)


def test_a_ramp_that_outlasts_the_warm_up_is_measured_until_both_halves_agree() -> None:
    median, timed = measure_ramp(choose_patience("gpu", energy=False), ramp_seconds=8.0)
    assert median == pytest.approx(0.005, rel=0.02)
    assert timed > 6.0


def test_energy_takes_ten_seconds() -> None:
    _, timed = measure_ramp(choose_patience("gpu", energy=True), ramp_seconds=1.0)
    assert timed == pytest.approx(10.0, rel=0.1)


def test_steps_whose_halves_differ_are_not_steady_however_narrow_the_interval() -> None:
    ramp = np.linspace(1.03, 1.0, 20_000).tolist()
    state = estimate_steady_state(ramp, target=0.01, halves_agree=True)
    assert estimate_steady_state(ramp, target=0.01).reached
    assert not state.reached
    assert state.drift == pytest.approx(-0.015, abs=0.001)
    assert estimate_steady_state([1.0] * 20, halves_agree=True).drift is None
