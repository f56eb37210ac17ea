import contextlib
import os
import signal

import pytest

from densebench.errors import Interrupted
from densebench.events import Message
from densebench.running import stopping
from densebench.running.channel import Channel
from densebench.running.stopping import Stopper, watch


@pytest.fixture
def channel():
    """A channel and its reading end; afterwards the signals have the handlers they had before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    reading, writing = os.pipe()
    yield Channel(writing), reading
    os.close(writing)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def stopper(channel):
    return Stopper(channel[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_run_prepares_stops_it_at_once(stopper, number):
    went_on = []
    with pytest.raises(Interrupted) as stopped, stopper.listen():
        went_on.append(signal.raise_signal(number))
    assert stopped.value.exit_code == 128 + number
    assert not went_on


def test_a_signal_while_the_run_trains_waits_for_the_running_step(stopper):
    with stopper.listen():
        stopper.preparing = False
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            stopper.check()


def test_a_signal_that_comes_before_the_row_is_open_is_not_forgotten(stopper):
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted, match="SIGTERM"), stopper.listen():
        raise AssertionError("it went on")


def test_a_second_signal_does_not_disturb_the_closing_of_the_row(stopper):
    """A scheduler signals parent and child, and the parent passes its own on: two for one stop."""
    with pytest.raises(Interrupted), stopper.listen():
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert stopper.interruption.exit_code == 143


def test_a_run_whose_parent_has_died_stops_after_its_step(stopper, channel):
    sender, reading = channel
    os.close(reading)
    sender.send(Message(text="unheard"))
    with pytest.raises(Interrupted, match="died"):
        stopper.check()
    assert stopper.interruption is None


@pytest.fixture
def ended(stopper, channel, monkeypatch):
    """Starts the watch; returns its thread and the exit codes with which it has ended the process."""
    monkeypatch.setattr(stopping, "_PATIENCE", 0.0)
    codes = []
    yield watch(stopper, channel[0], end=codes.append), codes
    signal.set_wakeup_fd(-1)


def swallow(number):
    """A signal whose error a framework catches."""
    with contextlib.suppress(Interrupted):
        signal.raise_signal(number)


def test_a_signal_that_a_framework_swallows_while_it_loads_ends_the_process(stopper, ended):
    thread, codes = ended
    with contextlib.suppress(Interrupted), stopper.listen():
        swallow(signal.SIGINT)
        thread.join()
        assert codes == [130]


def test_a_signal_while_the_run_trains_is_left_to_the_step(stopper, ended):
    thread, codes = ended
    swallow(signal.SIGTERM)
    thread.join()
    assert codes == []


def test_a_parent_that_dies_while_the_framework_loads_ends_the_process(stopper, ended, channel):
    thread, codes = ended
    entered = []
    stopper.enter_end = lambda error: entered.append(str(error))
    with stopper.listen():
        os.close(channel[1])
        thread.join()
        assert codes == [143]
        assert entered == ["Stopped because the densebench that started it has died."]
    with pytest.raises(Interrupted, match="died"):
        stopper.check()
