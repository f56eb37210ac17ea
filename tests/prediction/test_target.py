import dataclasses
import math
import random

import made_up_plan
import pytest

from densebench.prediction.target import expect_target_time
from densebench.records import EpochRecord, Run

START, EPOCH = 7.0, 3.0  # seconds


def predict(epochs, *, share=0.05, scale=1.0):
    """What so many epochs cost, with a 95 % interval on the scale of the logarithm."""
    seconds = scale * (START + EPOCH * epochs)
    return made_up_plan.predict(seconds, 1.0, ends=(seconds * math.exp(-share), seconds * math.exp(share)))


def curve(*accuracies, epochs=None, **changes):
    records = tuple(EpochRecord(epoch=epoch, test_accuracy=value) for epoch, value in enumerate(accuracies, 1))
    asked = epochs or len(accuracies)
    return Run(run="r", variant="resnet20", status="completed", epochs=asked, records=records, **changes)


def reach(epoch, epochs=60):
    """A run that reaches 90 % in an epoch, and falls back."""
    return curve(*(0.9 if number == epoch else 0.5 for number in range(1, epochs + 1)))


def test_the_first_epoch_at_the_target_counts_and_its_time_is_predicted_with_the_start():
    found = expect_target_time([reach(4)], 0.9, predict)
    assert (found.epochs, found.count, found.missed, found.best) == ((4,), 1, 0, 0.9)
    assert found.seconds == pytest.approx(START + 4 * EPOCH)
    assert found.interval is None, "one run does not show how much the epochs vary"


def test_several_runs_give_their_mean_and_an_interval_that_grows_with_their_spread():
    narrow = expect_target_time([reach(epoch) for epoch in (20, 20, 21, 20, 19)], 0.9, predict)
    wide = expect_target_time([reach(epoch) for epoch in (10, 30, 20, 25, 15)], 0.9, predict)
    assert narrow.seconds == wide.seconds == pytest.approx(START + 20 * EPOCH)
    assert wide.interval.high / wide.seconds > narrow.interval.high / narrow.seconds > math.exp(0.05)
    assert wide.interval.low < narrow.interval.low < narrow.seconds


def test_no_time_is_shorter_than_the_first_epoch():
    found = expect_target_time([reach(3), reach(30)], 0.9, predict)
    assert found.interval.low == predict(1).total_interval.low


def test_equal_epochs_leave_it_open_by_about_one_because_epochs_are_whole():
    found = expect_target_time([reach(20)] * 5, 0.9, lambda epochs: predict(epochs, share=0.0))
    assert found.interval.high - found.seconds == pytest.approx(0.9 * EPOCH, rel=0.1)


def test_the_interval_holds_one_more_run_as_often_as_it_says():
    chance, hits, times = random.Random(1), 0, 2000
    for _ in range(times):
        epochs = [max(1, round(chance.gauss(30, 4))) for _ in range(6)]
        *own, new = epochs
        error = math.exp(chance.gauss(0, 0.05 / 1.96))
        found = expect_target_time([reach(epoch) for epoch in own], 0.9, lambda count, e=error: predict(count, scale=e))
        hits += found.interval.low <= START + EPOCH * new <= found.interval.high
    assert 0.93 <= hits / times <= 0.98


def test_a_run_that_never_reached_it_leaves_no_time_of_the_others():
    found = expect_target_time([reach(4), curve(0.1, 0.85)], 0.9, predict)
    assert (found.epochs, found.count, found.missed, found.seconds, found.interval) == ((4,), 2, 1, None, None)
    none = expect_target_time([curve(0.1, 0.85)], 0.9, predict)
    assert (none.epochs, none.missed, none.best, none.seconds) == ((), 1, 0.85, None)


def test_a_run_that_stopped_at_a_target_no_lower_counts_and_one_that_stopped_at_a_lower_says_nothing():
    stopped = curve(0.5, 0.95, epochs=10, target=0.95)
    assert expect_target_time([stopped], 0.9, predict).epochs == (2,)
    assert expect_target_time([stopped], 0.95, predict).epochs == (2,)
    assert expect_target_time([stopped], 0.96, predict) is None
    assert expect_target_time([dataclasses.replace(stopped, target=None)], 0.9, predict) is None


def test_without_any_run_or_any_epoch_nothing_is_known():
    assert expect_target_time([], 0.9, predict) is None
    assert expect_target_time([curve()], 0.9, predict) is None


def test_where_the_cost_of_an_epoch_is_unknown_the_epochs_still_are_known():
    found = expect_target_time([reach(4)], 0.9, lambda epochs: None)
    assert (found.epochs, found.seconds) == ((4,), None)
