"""Speed and memory of a network in a minute: real steps on random images that already lie on the device."""

import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from densebench.config import RunConfig
from densebench.events import PROGRESS_INTERVAL, EpochEnded, Event, Progress, Ready, Warned
from densebench.measuring.gpu.allocator import NoGpuMemory
from densebench.measuring.gpu.monitor import list_warnings
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.stopping_rule import (
    Patience,
    SteadyState,
    choose_patience,
    estimate_steady_state,
    may_stop,
)
from densebench.measuring.stopwatch import EpochTimer, EpochTimes, elapsed, percentile
from densebench.training.backends.backend import BackendFacts
from densebench.training.epoch_record import make_measured, make_record
from densebench.training.parallel.data_parallel import ONE_DEVICE, DataParallel, follow_first
from densebench.training.parallel.shared_costs import combine_costs, read_costs
from densebench.training.run_steps import StepRunner
from densebench.training.steps.choose import make_steps
from densebench.training.steps.step import Batch, Steps
from densebench.training.trainee import Trainee
from densebench.training.watch import Watch

_BATCHES = 4  # different ones, in turn
_WARM_UP_STEPS = 3  # after the first
_LEAST_AHEAD = 5  # steps
_WAITED_FOR = 0.75  # of the time limit, where steps that are not waited for come after those that are


def measure_speed(
    *,
    config: RunConfig,
    facts: BackendFacts,
    parallel: DataParallel = ONE_DEVICE,
    trainee: Trainee,
    inference: bool,
    precision_target: float,
    time_limit: float,
    energy: bool = False,
    watch: Watch,
) -> Iterator[Event]:
    """Time training steps, or forward passes, at the recipe's batch size, each waited for.

    They end when the 95 % interval of the median lies within ``precision_target`` (a fraction) of it, on a GPU after
    some seconds at the earliest (more of them for a certain ``energy``), or after ``time_limit`` seconds, tracing,
    compiling and the warm-up included; one step is always timed. Where a training starts steps before the last one is
    read, as many are then made so, and the images per second are theirs. Then comes :class:`EpochEnded`.
    """
    patience = choose_patience(facts.device_kind, energy=energy)
    began = watch.clock()
    steps = make_steps(trainee, config.recipe, facts, parallel)
    ahead = steps.runs_ahead and not inference
    seconds = time_limit * (_WAITED_FOR if ahead else 1)
    limits = _Limits(patience=patience, precision_target=precision_target, began=began, seconds=seconds)
    batches = [(steps.place(x), steps.place(y)) for x, y in _draw_batches(trainee, config)]
    step = _make_step(steps, batches, inference=inference)
    yield _make_ready(steps, trainee, config, watch, step, inference=inference)
    memory = _open_memory(steps, watch, inference=inference)
    _warm_up(step, config.recipe.batch_size, memory, limits, watch, parallel)
    watch.monitor.begin_epoch()
    times, wide = yield from _measure(step, config.recipe.batch_size, limits, watch, parallel)
    own = read_costs(watch.monitor, memory, times)
    if ahead:
        count = _count_steps_ahead(times, began + time_limit - watch.clock(), parallel)
        times = _run_ahead(steps, batches, count, config.recipe.batch_size, times, watch)
    costs = combine_costs(parallel, own)
    for warning in (*list_warnings(costs.allocated, costs.reading), *wide):
        yield Warned(text=warning)
    measured = make_measured(costs, times, parallel)
    yield EpochEnded(record=replace(make_record(measured), elapsed_seconds=times.epoch_seconds))


def _open_memory(steps: Steps, watch: Watch, *, inference: bool) -> StepMemory:
    if inference:
        return StepMemory(watch.allocator)
    return StepMemory(watch.allocator, steps.step_bytes(), steps.recorded_bytes)


def count_tenths(seconds: float) -> int:
    """What a measurement's progress counts instead of steps: tenths of a second, at least one."""
    return max(1, int(seconds * 10))


def _make_step(steps: Steps, batches: Sequence[tuple[Batch, Batch]], *, inference: bool) -> Callable[[], object]:
    """A function that does the next step, on the next of the batches."""
    endless = itertools.cycle(batches)
    if inference:
        return lambda: steps.logits(next(endless)[0])
    return lambda: steps.train(*next(endless))


def _draw_batches(trainee: Trainee, config: RunConfig) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    random = np.random.default_rng(config.seed)
    batch_size, classes = config.recipe.batch_size, trainee.model.output_shape[-1]
    for _ in range(_BATCHES):
        x = random.standard_normal((batch_size, *trainee.model.input_shape[1:]), dtype=np.float32)
        yield x, random.integers(classes, size=batch_size, dtype=np.int32)


def _make_ready(
    steps: Steps, trainee: Trainee, config: RunConfig, watch: Watch, step: Callable[[], object], *, inference: bool
) -> Ready:
    """Trace, compile and do the first step."""
    start = watch.clock()
    ahead = None if inference else steps.compile(config.recipe.batch_size)
    steps.begin(config.recipe.learning_rate)
    step()
    return Ready(
        build_seconds=trainee.build_seconds,
        trace_seconds=ahead.trace_seconds if ahead else None,
        compile_seconds=ahead.compile_seconds if ahead else None,
        first_step_seconds=elapsed(start, watch.clock()),
    )


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """When the warm-up and the measurement end."""

    patience: Patience
    precision_target: float  # half width of the median's interval, as a fraction of it
    began: float  # reading of the clock
    seconds: float  # from then

    def is_warm(self, steps: int, since: float, now: float) -> bool:
        """Whether so many steps between those readings of the clock are enough, or time is up."""
        enough = steps >= _WARM_UP_STEPS and now - since >= self.patience.warm_up_seconds
        return enough or now - self.began >= self.seconds

    def is_certain(self, seconds: Sequence[float], since: float, now: float) -> bool:
        """Whether these steps, timed between those readings of the clock, are enough, or time is up."""
        return may_stop(
            seconds,
            elapsed_seconds=now - self.began,
            limit_seconds=self.seconds,
            target=self.precision_target,
            patience=self.patience,
            timed_seconds=now - since,
        )


def _warm_up(
    step: Callable[[], object], images: int, memory: StepMemory, limits: _Limits, watch: Watch, parallel: DataParallel
) -> None:
    """The steps until the search for algorithms is over, its memory forgotten, and a GPU's clock at its height."""
    since = watch.clock()
    steps = 0
    while not follow_first(parallel, limits.is_warm(steps, since, watch.clock())):
        memory.begin_step(images)
        step()
        memory.end_step(images)
        watch.raise_if_stopped()
        steps += 1


def _measure(
    step: Callable[[], object], images: int, limits: _Limits, watch: Watch, parallel: DataParallel
) -> Generator[Progress, None, tuple[EpochTimes, tuple[str, ...]]]:
    """Returns the times, and a warning if the median is less certain than was asked."""
    timer = EpochTimer(clock=watch.clock)
    seconds: list[float] = []
    timer.start()
    since = before = reported = watch.clock()
    while not follow_first(parallel, limits.is_certain(seconds, since, before)):
        timer.note_batch()
        step()
        timer.note_step(images)
        now = watch.clock()
        seconds.append(now - before)
        if now - reported >= PROGRESS_INTERVAL:
            reported = now
            yield _make_progress(seconds, images, now - limits.began, limits.seconds)
        watch.raise_if_stopped()
        before = watch.clock()
    agree = limits.patience.halves_agree
    state = estimate_steady_state(seconds, target=limits.precision_target, halves_agree=agree)
    return _keep_steps_alone(timer.stop(), seconds, images), _find_doubt(state)


def _keep_steps_alone(times: EpochTimes, seconds: Sequence[float], images: int) -> EpochTimes:
    """Without what lies between the steps here and in no training: deciding whether to stop, and reporting.

    A single step is its own median, for the first one was before it.
    """
    if len(seconds) == 1:
        only = seconds[0] * 1000
        times = replace(times, step_ms_p5=only, step_ms_p50=only, step_ms_p95=only)
    rate = images / times.step_ms_p50 * 1000 if times.step_ms_p50 else None
    return replace(times, images_per_second=rate, data_wait_seconds=None)


def _count_steps_ahead(waited_for: EpochTimes, seconds: float, parallel: DataParallel) -> int:
    """As many steps as were waited for, or as the ``seconds`` that are left allow; the same on every host."""
    fitting = int(seconds * 1000 / waited_for.step_ms_p50) if waited_for.step_ms_p50 else 0
    count = max(_LEAST_AHEAD, min(waited_for.steps, fitting))
    return count if parallel.layout.ranks == 1 else int(parallel.gather(np.array([count], np.int32))[0])


class _Repeated:
    """The batches over and over, so many of them: nothing is left to be made, so each is ready."""

    def __init__(self, batches: Sequence[tuple[Batch, Batch]], count: int, images: int) -> None:
        self._left = itertools.islice(itertools.cycle(batches), count)
        self._images = images

    def is_ready(self) -> bool:
        return True

    def __next__(self) -> tuple[Batch, Batch, int]:
        return (*next(self._left), self._images)


def _run_ahead(
    steps: Steps, batches: Sequence[tuple[Batch, Batch]], count: int, images: int, waited_for: EpochTimes, watch: Watch
) -> EpochTimes:
    """The same times, with the images per second of ``count`` steps that are started as a training does."""
    timer = EpochTimer(clock=watch.clock)
    runner = StepRunner(steps, timer=timer, memory=StepMemory(NoGpuMemory()), clock=watch.clock)
    timer.start()
    for _ in runner.run(_Repeated(batches, count, images)):
        watch.raise_if_stopped()
    return replace(waited_for, images_per_second=timer.stop().images_per_second)


def _make_progress(seconds: Sequence[float], images: int, spent: float, time_limit: float) -> Progress:
    median, limit = percentile(seconds, 0.5), count_tenths(time_limit)
    return Progress(
        epoch=1,
        step=min(int(spent * 10), limit),
        steps=limit,
        loss=None,
        accuracy=None,
        images_per_second=images / median if median else None,
    )


def _find_doubt(state: SteadyState) -> tuple[str, ...]:
    if state.reached:
        return ()
    if state.median is None or state.low is None or state.high is None:
        return (_describe_few(state.steps),)
    if state.drift is not None:
        longer = "longer" if state.drift > 0 else "less"
        return (f"the speed was still changing: the second half's steps took {abs(state.drift):.1%} {longer}",)
    low, high = state.low / state.median - 1, state.high / state.median - 1
    return (f"the median of {state.steps} steps is only certain to {low:+.1%} to {high:+.1%}",)


def _describe_few(steps: int) -> str:
    if steps == 1:
        return "a single step was timed, which is too few for an interval"
    return f"{steps} steps are too few for an interval of their median"
