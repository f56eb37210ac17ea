"""When a process gives up on the others, by a clock that is set."""

import pytest

from densebench.training.parallel.step_limit import COMPILING_SECONDS, LIMIT_SECONDS, StepLimit


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limit(clock):
    """Its own thread has ended: the tests look themselves. What it gives up with is in ``limit.given_up``."""
    given_up = []
    limit = StepLimit(given_up.append, clock)
    limit.given_up = given_up
    limit.end()
    limit.note()
    limit.settle()
    return limit


def look(limit, clock, seconds, *, every=1.0):
    for _ in range(round(seconds / every)):
        clock.now += every
        limit.look()


def test_a_run_that_comes_no_further_is_given_up(limit, clock):
    look(limit, clock, LIMIT_SECONDS)
    assert not limit.given_up
    look(limit, clock, 1.0)
    assert limit.given_up == [LIMIT_SECONDS + 1.0]


def test_what_may_still_be_compiled_has_longer(clock):
    given_up = []
    limit = StepLimit(given_up.append, clock)
    limit.end()
    look(limit, clock, COMPILING_SECONDS)
    assert not given_up
    look(limit, clock, 1.0)
    assert given_up


def test_a_run_whose_steps_end_is_not(limit, clock):
    for _ in range(5):
        look(limit, clock, LIMIT_SECONDS)
        limit.note()
    assert not limit.given_up


def test_a_run_of_long_steps_has_longer(limit, clock):
    look(limit, clock, 20.0)
    limit.note()
    look(limit, clock, LIMIT_SECONDS + 40.0)
    assert not limit.given_up
    look(limit, clock, 1.0)
    assert limit.given_up


def test_time_in_which_the_process_was_stopped_hardly_counts(limit, clock):
    look(limit, clock, 3600.0, every=3600.0)
    assert not limit.given_up
