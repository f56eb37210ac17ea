import dataclasses

import keras
import numpy as np
import pytest

from densebench.errors import Interrupted
from densebench.events import Ready, Warned
from densebench.measuring.gpu.allocator import GpuMemory
from densebench.training import speed
from densebench.training.speed import measure_speed
from densebench.training.steps.step import CompileTimes


def every_second():
    readings = iter(range(100_000))
    return lambda: float(next(readings))


@pytest.fixture
def measure(config, facts, build, make_watch):
    """Measures and returns the events, of which the last is the record."""

    def measure(*, inference=False, target=0.02, limit=1e9, trainee=None, device="cpu", energy=False, **watch):
        events = measure_speed(
            config=config,
            facts=dataclasses.replace(facts, device_kind=device),
            energy=energy,
            trainee=trainee or build(),
            inference=inference,
            precision_target=target,
            time_limit=limit,
            watch=make_watch(**watch),
        )
        return list(events)

    return measure


@pytest.mark.parametrize("inference", [False, True])
def test_steps_that_all_take_as_long_end_as_soon_as_their_median_is_known(measure, inference):
    ready, *progress, ended = measure(inference=inference, clock=every_second())
    assert isinstance(ready, Ready)
    assert [(so_far.step, so_far.steps) for so_far in progress] == [(40 * step + 80, 10**10) for step in range(1, 11)]
    assert {so_far.images_per_second for so_far in progress} == {8 / 3.0}
    assert ended.record.step_ms_p50 > 0
    assert ended.record.images_per_second > 0


def test_a_time_limit_ends_it_with_a_warning(measure):
    *_, warned, ended = measure(limit=0.0, clock=every_second())
    assert ended.record.epoch_seconds is not None
    assert warned == Warned(text="a single step was timed, which is too few for an interval")


def test_a_single_step_is_an_answer_and_not_a_blank(measure):
    record = measure(limit=0.0, clock=every_second())[-1].record
    assert record.step_ms_p5 == record.step_ms_p50 == record.step_ms_p95 > 0
    assert record.images_per_second == pytest.approx(8000 / record.step_ms_p50)


def test_the_limit_holds_for_the_warm_up_too(measure):
    """The clock moves on by one whenever it is read, and a step takes two readings at least."""
    readings = []

    def clock():
        readings.append(len(readings))
        return float(readings[-1])

    measure(limit=1.0, clock=clock)
    short = len(readings)
    readings.clear()
    measure(limit=100.0, clock=clock)
    assert short < 20
    assert len(readings) > short


def test_steps_that_differ_too_much_are_called_uncertain(measure):
    time = iter(np.cumsum(np.random.default_rng(0).pareto(1.0, 100_000)))
    events = measure(limit=1000.0, clock=lambda: float(next(time)))
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert "only certain to" in warned.text


def test_building_and_the_first_step_are_separate_from_the_steady_ones(measure):
    (ready,) = [event for event in measure(limit=0.0) if isinstance(event, Ready)]
    assert ready.first_step_seconds >= (ready.trace_seconds or 0.0)


def test_training_steps_train_and_inference_does_not(measure, build):
    for inference, changes in ((False, True), (True, False)):
        trainee = build()
        kernel = trainee.model.trainable_variables[0]
        before = np.array(keras.ops.convert_to_numpy(kernel))
        if not inference and keras.backend.backend() == "jax":
            continue  # the state stays on the device
        measure(inference=inference, limit=0.0, trainee=trainee)
        assert (not np.array_equal(keras.ops.convert_to_numpy(kernel), before)) == changes


def test_a_measurement_can_be_stopped(measure):
    def stop():
        raise Interrupted("Stopped.", 15)

    with pytest.raises(Interrupted):
        measure(raise_if_stopped=stop)


def test_accuracy_is_empty_for_there_is_nothing_to_learn(measure):
    record = measure(limit=0.0)[-1].record
    assert (record.train_accuracy, record.test_accuracy, record.train_loss) == (None, None, None)


def test_the_peak_is_that_of_the_steps_after_the_first(measure):
    class Allocator:
        resets = 0

        def reset(self):
            self.resets += 1
            return True

        def peak(self):
            return GpuMemory(peak_bytes=5 if self.resets else 900, reserved_bytes=None, source="allocator")

    record = measure(clock=every_second(), allocator=Allocator())[-1].record
    if keras.backend.backend() == "jax":
        return  # its figure is the compiler's
    assert record.gpu_peak_bytes == 5
    assert record.gpu_memory_source == "allocator after the first step on each shape; no GPU"


class RampingClock:
    """A clock that only steps move: by 5 ms each, and by 30 % more until the GPU's clock is at its height."""

    def __init__(self, ramp_seconds):
        self.now, self._ramp = 0.0, ramp_seconds

    def __call__(self):
        return self.now

    def step(self):
        self.now += 0.005 * (1 + 0.3 * max(0.0, 1 - self.now / self._ramp))


@pytest.fixture
def measure_ramp(measure, monkeypatch):
    """Measures steps that are slow at first; returns the events and the clock."""

    def measure_ramp(ramp_seconds=1.0, **given):
        clock = RampingClock(ramp_seconds)
        monkeypatch.setattr(speed, "_make_step", lambda *_, **__: clock.step)
        return measure(clock=clock, **given), clock

    return measure_ramp


def test_on_a_gpu_steps_are_timed_once_its_clock_is_at_its_height(measure_ramp):
    events, _ = measure_ramp(device="gpu")
    assert events[-1].record.step_ms_p95 == pytest.approx(5)
    assert events[-1].record.epoch_seconds >= 3
    on_cpu, _ = measure_ramp()
    assert on_cpu[-1].record.step_ms_p50 > 5.5


def test_energy_lets_the_steps_of_a_gpu_go_on_for_ten_seconds(measure_ramp):
    events, _ = measure_ramp(device="gpu", energy=True)
    assert events[-1].record.epoch_seconds == pytest.approx(10, rel=0.1)


def test_a_gpu_whose_speed_still_changes_at_the_time_limit_is_warned_of(measure_ramp):
    events, clock = measure_ramp(ramp_seconds=12.0, limit=8.0, device="gpu")
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert warned.text.startswith("the speed was still changing: the second half's steps took ")
    assert warned.text.endswith("% less")
    assert clock.now < 8.2


@pytest.fixture
def device(monkeypatch):
    """A device that takes steps in turn: starting one takes 1 ms, computing it 5 ms, and looking at it 4 ms.

    A step that is waited for takes 10 ms so, and one that is started before the last one is read 5 ms.
    """

    class Device:
        runs_ahead = True

        def __init__(self):
            self.now, self.free, self.started, self.most = 0.0, 0.0, 0, 0

        def __call__(self):
            return self.now

        def place(self, array):
            return array

        def compile(self, *sizes):
            return CompileTimes(trace_seconds=None, compile_seconds=None)

        def step_bytes(self):
            return None

        def recorded_bytes(self):
            return None

        def begin(self, rate):
            pass

        def start(self, x, y):
            self.now += 0.001
            self.free = max(self.free, self.now) + 0.005
            self.started += 1
            return self.free

        def finish(self, ends):
            self.now = max(self.now, ends) + 0.004

        def train(self, x, y):
            self.finish(self.start(x, y))

        def logits(self, x):
            self.train(x, None)

    found = Device()
    monkeypatch.setattr(speed, "make_steps", lambda *_: found)
    return found


def test_steps_are_waited_for_and_the_images_per_second_are_those_of_steps_run_ahead(measure, device):
    record = measure(clock=device, device="gpu")[-1].record
    assert record.step_ms_p50 == pytest.approx(10)
    assert 8 / 0.01 * 1.5 < record.images_per_second <= 8 / 0.005 * 1.001
    assert record.epoch_seconds == pytest.approx(3, rel=0.1)


def test_inference_is_waited_for_alone(measure, device):
    record = measure(clock=device, device="gpu", inference=True)[-1].record
    assert record.images_per_second == pytest.approx(8 / 0.01)


def test_steps_run_ahead_stay_within_the_time_limit(measure, device):
    measure(clock=device, device="gpu", limit=4.0)
    assert 3.5 < device.now < 4.1
