import pytest

from densebench.events import Ended, Entered, EpochEnded, Progress, Started
from densebench.records import EpochRecord
from densebench.reporting.live.run_state import ShownRun
from densebench.reporting.live.state import State


class FakeClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def state(clock):
    """Two runs to come, of which the first has started."""
    state = State(clock)
    state.plan([ShownRun(name="small", epochs=2, work=1.0), ShownRun(name="large", epochs=2, work=10.0)])
    state.on(started())
    return state


def started(first_epoch=1):
    return Started(run="small", variant="a", params=1, epochs=2, steps=10, first_epoch=first_epoch)


def progress(step, steps=10):
    return Progress(epoch=1, step=step, steps=steps, loss=None, accuracy=None, images_per_second=None)


def end_epoch(epoch):
    return EpochEnded(record=EpochRecord(epoch=epoch))


def test_the_rest_is_estimated_by_each_runs_work(state, clock):
    clock.now += 60
    state.on(end_epoch(1))
    assert state.current.run_left == 60
    assert state.all_left == 60 + 2 * 10 * 60


def test_the_first_epoch_is_estimated_by_its_own_pace(state, clock):
    assert (state.current.epoch_left, state.current.run_left, state.all_left) == (None, None, None)
    clock.now += 15
    state.on(progress(5))
    assert (state.current.epoch_left, state.current.run_left) == (15, 45)
    assert state.all_done == 0.5 / 22


def test_an_epoch_takes_the_median_of_the_last_ones(state, clock):
    for epoch, seconds in enumerate((500, 10, 20, 30, 20, 10), 1):
        clock.now += seconds
        state.on(end_epoch(epoch))
    assert state.current.epoch_seconds == 20


def test_a_resumed_run_has_its_earlier_epochs_behind_it(state):
    state.on(started(first_epoch=2))
    assert (state.current.finished, state.all_done) == (1, 1 / 22)


def test_an_epoch_that_ends_is_no_longer_in_progress(state):
    state.on(progress(10))
    state.on(end_epoch(1))
    assert (state.current.finished, state.current.epoch_fraction, state.current.progress) == (1, 0.0, None)


def test_no_epoch_is_more_than_done(state):
    state.on(progress(11))
    assert state.current.epoch_fraction == 1.0


def test_the_next_run_begins_with_nothing_of_the_last(state, clock):
    state.on(end_epoch(1))
    state.on(Ended(status="failed", reason="no", exit_code=1))
    assert (state.current.run.run, state.current.finished, list(state.current.records)) == ("large", 0, [])
    assert state.all_done == 2 / 22
    clock.now += 5
    assert state.elapsed == 5


def test_a_stage_ends_with_what_follows_and_its_time_is_kept_for_the_next_run(state, clock):
    state.on(Entered(stage="compiling"))
    assert (state.current.stage, state.stage_seconds) == ("compiling", {})
    clock.now += 7
    state.on(progress(1))
    assert (state.current.stage, state.stage_seconds) == (None, {"compiling": 7})
    state.on(Entered(stage="evaluating"))
    clock.now += 2
    state.on(end_epoch(1))
    state.on(Ended(status="completed", reason=None, exit_code=0))
    assert state.stage_seconds == {"compiling": 7, "evaluating": 2}
