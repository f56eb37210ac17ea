from collections.abc import Iterable

import numpy as np
import pytest

from densebench.measuring.stopwatch import EpochTimer, EpochTimes, percentile


class FakeClock:
    """Stands where it was set; tests move it by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def time_epoch(steps: Iterable[tuple[float, float, int]], *, tail: float = 0.0) -> EpochTimes:
    """Time steps of (seconds waited, seconds worked, images); the CPU clock stands still."""
    clock = FakeClock()
    timer = EpochTimer(clock=clock, cpu_clock=lambda: 7.0)
    timer.start()
    for waited, worked, images in steps:
        clock.now += waited
        timer.note_batch()
        clock.now += worked
        timer.note_step(images)
    clock.now += tail
    return timer.stop()


def test_the_first_step_is_apart_and_leaves_the_steady_figures_alone() -> None:
    times = time_epoch([(0, 30, 64), (0, 2, 64), (0, 2, 64), (0, 2, 64)])
    assert times.first_step_seconds == 30
    assert times.step_ms_p50 == 2000
    assert times.images_per_second == 32
    assert times.epoch_seconds == 36


def test_a_smaller_last_batch_counts_in_the_epoch_and_not_in_the_steady_state() -> None:
    times = time_epoch([(0, 30, 64), (0, 2, 64), (0, 2, 64), (0, 11, 16)])
    assert times.steady_seconds == (2, 2)
    assert times.images_per_second == 32
    assert times.epoch_seconds == 45
    assert times.steps == 4


def test_waiting_for_data_slows_the_images_a_second_and_not_the_step() -> None:
    times = time_epoch([(1, 3, 10), (2, 3, 10), (2, 3, 10)])
    assert times.data_wait_seconds == 5
    assert times.step_ms_p50 == 3000
    assert times.images_per_second == 20 / 10


def test_percentiles_are_those_of_the_raw_steady_steps() -> None:
    worked = [0.5, 0.1, 0.4, 0.2, 0.3, 0.9]
    times = time_epoch((0, seconds, 8) for seconds in worked)
    expected = np.percentile(np.array(worked[1:]) * 1000, [5, 50, 95])
    assert [times.step_ms_p5, times.step_ms_p50, times.step_ms_p95] == pytest.approx(expected)


def test_work_after_the_last_step_is_in_the_epoch_but_in_no_step() -> None:
    times = time_epoch([(0, 3, 8), (0, 3, 8)], tail=4)
    assert times.epoch_seconds == 10
    assert times.images_per_second == 8 / 3


def test_processor_time_stands_beside_wall_time() -> None:
    readings = iter([5.0, 8.5])
    timer = EpochTimer(cpu_clock=lambda: next(readings))
    timer.start()
    assert timer.stop().cpu_seconds == 3.5


def test_an_epoch_cut_short_within_a_step_keeps_the_finished_ones() -> None:
    clock = FakeClock()
    timer = EpochTimer(clock=clock)
    timer.start()
    for _ in range(2):
        timer.note_batch()
        clock.now += 1
        timer.note_step(8)
    clock.now += 0.5
    timer.note_batch()
    times = timer.stop()
    assert (times.steps, times.step_ms_p50, times.data_wait_seconds) == (2, 1000, 0)


def test_an_epoch_of_one_step_has_no_steady_state() -> None:
    times = time_epoch([(0, 30, 64)])
    assert times.first_step_seconds == 30
    assert times.images_per_second is None
    assert times.step_ms_p5 is times.step_ms_p50 is times.step_ms_p95 is None


def test_an_epoch_without_a_step_has_no_figures_but_its_time() -> None:
    times = time_epoch([], tail=2)
    assert (times.steps, times.epoch_seconds) == (0, 2)
    assert times.first_step_seconds is times.images_per_second is times.step_ms_p50 is None


def test_without_waiting_for_data_the_wait_is_unknown_and_not_zero() -> None:
    clock = FakeClock()
    timer = EpochTimer(clock=clock)
    timer.start()
    for seconds in (5, 2, 2):
        clock.now += seconds
        timer.note_step(8)
    times = timer.stop()
    assert times.data_wait_seconds is None
    assert (times.first_step_seconds, times.step_ms_p50) == (5, 2000)


def test_a_clock_that_runs_backwards_leaves_figures_empty_and_never_negative() -> None:
    times = time_epoch([(0, 1, 8), (0, 1, 8), (0, -50, 8), (0, 1, 8)])
    assert times.epoch_seconds is None
    assert times.images_per_second is None
    assert times.steady_seconds == (1, 1)


def test_a_timer_that_is_started_again_forgets_the_epoch_before() -> None:
    clock = FakeClock()
    timer = EpochTimer(clock=clock)
    for seconds in (9, 1):
        timer.start()
        for _ in range(2):
            timer.note_batch()
            clock.now += seconds
            timer.note_step(8)
        times = timer.stop()
    assert times.epoch_seconds == 2


@pytest.mark.parametrize("fraction", [0, 0.05, 0.33, 0.5, 0.95, 1])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 101])
def test_the_percentile_is_numpys(fraction: float, count: int) -> None:
    values = np.random.default_rng(count).lognormal(size=count)
    assert percentile(values.tolist(), fraction) == pytest.approx(np.quantile(values, fraction))


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None
