import time
from itertools import pairwise

import keras
import numpy as np
import pytest

from densebench.data.prefetch import Prefetched
from densebench.measuring.gpu.allocator import NoGpuMemory
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.stopwatch import EpochTimer
from densebench.training.run_steps import StepRunner
from densebench.training.steps.choose import make_steps
from densebench.training.steps.step import StepResult, Steps


class Device(Steps):
    """Finishes each step so many seconds after it could begin; its clock moves on only while it is waited for."""

    def __init__(self, *, runs_ahead=True, seconds=0.01):
        self.runs_ahead, self.seconds = runs_ahead, seconds
        self.now = self.free = 0.0
        self.log = []

    def clock(self):
        return self.now

    def start(self, x, y):
        self.log.append(f"start {x}")
        self.free = max(self.free, self.now) + self.seconds
        return x, self.free

    def finish(self, figures):
        number, end = figures
        self.now = max(self.now, end)
        self.log.append(f"finish {number}")
        return StepResult(loss=float(number), correct=number, backward_sign=1.0)

    def most_running(self):
        """Steps that were started and not yet finished, at most."""
        return max(np.cumsum([1 if entry.startswith("start") else -1 for entry in self.log]))


class Ready:
    """Batches of some images, which are there at once unless their number is in ``late``."""

    def __init__(self, device, images, late=()):
        self._device, self._images, self._late = device, images, late
        self._next = 0

    def is_ready(self):
        return self._next + 1 not in self._late

    def __next__(self):
        if self._next == len(self._images):
            raise StopIteration
        self._next += 1
        if self._next in self._late:
            self._device.now += 0.5
        return self._next, None, self._images[self._next - 1]


def run(device, images, late=()):
    """Steps on batches of so many images: what came, and the times of the epoch."""
    timer = EpochTimer(clock=device.clock)
    timer.start()
    runner = StepRunner(device, timer=timer, memory=StepMemory(NoGpuMemory()), clock=device.clock)
    steps = list(runner.run(Ready(device, images, late)))
    return steps, timer.stop()


@pytest.mark.parametrize("runs_ahead", [False, True])
def test_steps_come_in_their_order_each_with_its_images_and_what_it_showed(runs_ahead):
    steps, _ = run(Device(runs_ahead=runs_ahead), [8] * 9 + [4])
    assert [step.number for step in steps] == list(range(1, 11))
    assert [step.images for step in steps] == [8] * 9 + [4]
    assert [step.result.loss for step in steps] == list(range(1, 11))


def test_the_device_is_given_steps_before_the_last_one_is_read():
    device = Device()
    run(device, [8] * 9)
    assert device.most_running() == 3
    assert device.log.index("start 5") < device.log.index("finish 3")


def test_a_device_that_is_not_ahead_is_waited_for_in_every_step():
    device = Device(runs_ahead=False)
    run(device, [8] * 9)
    assert device.most_running() == 1


def test_the_first_step_on_each_shape_is_alone_on_the_device():
    device = Device()
    run(device, [8] * 5 + [4] * 5)
    for number in (1, 6):
        at = device.log.index(f"start {number}")
        assert device.log[at + 1] == f"finish {number}"
        assert at == 0 or device.log[at - 1] == f"finish {number - 1}"


def test_long_steps_are_waited_for_so_that_a_signal_is_answered_within_a_second():
    device = Device(seconds=0.2)
    run(device, [8] * 9)
    assert device.most_running() == 1


def test_the_times_are_those_of_the_device():
    device = Device()
    _, times = run(device, [8] * 9)
    assert times.steady_seconds == pytest.approx([0.01] * 8)
    assert times.epoch_seconds == pytest.approx(0.09)
    assert times.data_wait_seconds == 0


def test_a_wait_for_a_batch_is_no_part_of_a_steps_time():
    device = Device()
    _, times = run(device, [8] * 9, late=(4, 8))
    assert times.steady_seconds == pytest.approx([0.01] * 8)
    assert times.data_wait_seconds == pytest.approx(1.0)
    assert times.epoch_seconds == pytest.approx(1.09)


def test_real_steps_run_ahead_give_the_same_figures_and_weights_to_the_last_bit(config, facts, build):
    random = np.random.default_rng(1)
    batches = [
        (random.standard_normal((size, 8, 8, 3), dtype=np.float32), random.integers(6, size=size, dtype=np.int32))
        for size in (8, 8, 8, 8, 8, 4)
    ]
    seen = []
    for runs_ahead in (False, True):
        trainee = build()
        steps = make_steps(trainee, config.recipe, facts)
        steps.runs_ahead = runs_ahead
        steps.compile(8, 4)
        steps.begin(0.1)
        timer = EpochTimer()
        timer.start()
        runner = StepRunner(steps, timer=timer, memory=StepMemory(NoGpuMemory()), clock=time.perf_counter)
        placed = Prefetched([(steps.place(x), steps.place(y), len(y)) for x, y in batches])
        results = [step.result for step in runner.run(placed)]
        steps.end()
        variables = [*trainee.model.variables, *trainee.optimizer.variables]
        seen.append((results, [keras.ops.convert_to_numpy(variable) for variable in variables]))
    (waited, before), (ahead, after) = seen
    assert ahead == waited
    assert all(first.loss != second.loss for first, second in pairwise(ahead))
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
