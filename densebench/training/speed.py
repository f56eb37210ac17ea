"""Speed and memory of a network in a minute: real steps on random images that already lie on the device."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from densebench.config import RunConfig
from densebench.measuring.gpu.monitor import list_warnings
from densebench.measuring.stopping_rule import SteadyState, estimate_steady_state, may_stop
from densebench.measuring.stopwatch import EpochTimer, EpochTimes, elapsed, percentile
from densebench.records import EpochRecord
from densebench.training.backends.backend import BackendFacts
from densebench.training.epoch_record import Measured, make_record
from densebench.training.steps.choose import make_steps
from densebench.training.steps.step import Batch, Steps
from densebench.training.trainee import Trainee
from densebench.training.watch import Readiness, Watch

BATCHES = 4  # different ones, in turn
WARM_UP_STEPS = 3  # after the first
SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True, kw_only=True)
class SpeedProgress:
    """How far a measurement is; it ends when the median is known well enough, or at the time limit."""

    steps: int
    seconds: float
    time_limit: float
    median_seconds: float


def measure_speed(
    *,
    config: RunConfig,
    facts: BackendFacts,
    trainee: Trainee,
    inference: bool,
    precision_target: float,
    time_limit: float,
    on_progress: Callable[[SpeedProgress], None],
    watch: Watch,
) -> EpochRecord:
    """Time training steps, or forward passes, at the recipe's batch size, each waited for.

    They end when the 95 % interval of the median lies within ``precision_target`` (a fraction) of it, or after
    ``time_limit`` seconds, which do not include tracing, compiling and the warm-up.
    """
    steps = make_steps(trainee, config.recipe, facts)
    step = _step(steps, trainee, config, inference=inference)
    watch.on_ready(_make_ready(steps, trainee, config, watch, step, inference=inference))
    for _ in range(WARM_UP_STEPS):
        step()
        watch.should_stop()
    watch.allocator.reset()
    watch.monitor.begin_epoch()
    times, wide = _measure(step, config.recipe.batch_size, precision_target, time_limit, on_progress, watch)
    reading, allocated = watch.monitor.end_epoch(), watch.allocator.peak()
    for warning in (*list_warnings(allocated, reading), *wide):
        watch.on_warning(warning)
    measured = Measured(times=times, reading=reading, allocated=allocated)
    return replace(make_record(measured), elapsed_seconds=times.epoch_seconds)


def _step(steps: Steps, trainee: Trainee, config: RunConfig, *, inference: bool) -> Callable[[], object]:
    """A function that does the next step."""
    batches = itertools.cycle([(steps.place(x), steps.place(y)) for x, y in _random_batches(trainee, config)])
    if inference:
        return lambda: steps.logits(next(batches)[0])
    return lambda: steps.train(*next(batches))


def _random_batches(trainee: Trainee, config: RunConfig) -> Iterator[tuple[Batch, Batch]]:
    random = np.random.default_rng(config.seed)
    batch_size, classes = config.recipe.batch_size, trainee.model.output_shape[-1]
    for _ in range(BATCHES):
        x = random.standard_normal((batch_size, *trainee.model.input_shape[1:]), dtype=np.float32)
        yield x, random.integers(classes, size=batch_size, dtype=np.int32)


def _make_ready(
    steps: Steps, trainee: Trainee, config: RunConfig, watch: Watch, step: Callable[[], object], *, inference: bool
) -> Readiness:
    """Trace, compile and do the first step."""
    start = watch.clock()
    ahead = None if inference else steps.compile(config.recipe.batch_size)
    steps.begin(config.recipe.learning_rate)
    step()
    return Readiness(
        build_seconds=trainee.build_seconds,
        trace_seconds=ahead.trace_seconds if ahead else None,
        compile_seconds=ahead.compile_seconds if ahead else None,
        first_step_seconds=elapsed(start, watch.clock()),
    )


def _measure(
    step: Callable[[], object],
    images: int,
    target: float,
    time_limit: float,
    on_progress: Callable[[SpeedProgress], None],
    watch: Watch,
) -> tuple[EpochTimes, tuple[str, ...]]:
    """The times, and a warning if the median is less certain than was asked."""
    timer = EpochTimer(clock=watch.clock)
    seconds: list[float] = []
    timer.start()
    start = before = reported = watch.clock()
    while not may_stop(seconds, elapsed_seconds=before - start, limit_seconds=time_limit, target=target):
        timer.note_batch()
        step()
        timer.note_step(images)
        now = watch.clock()
        seconds.append(now - before)
        if now - reported >= SECONDS_BETWEEN_REPORTS:
            reported = now
            on_progress(_progress(seconds, now - start, time_limit))
        watch.should_stop()
        before = watch.clock()
    state = estimate_steady_state(seconds, target=target)
    return _of_steps_alone(timer.stop(), images), _doubt(state)


def _of_steps_alone(times: EpochTimes, images: int) -> EpochTimes:
    """Without what lies between the steps here and in no training: whether to stop, and telling how far it is."""
    rate = images / times.step_ms_p50 * 1000 if times.step_ms_p50 else None
    return replace(times, images_per_second=rate, data_wait_seconds=None)


def _progress(seconds: Sequence[float], spent: float, time_limit: float) -> SpeedProgress:
    median = percentile(seconds, 0.5)
    assert median is not None
    return SpeedProgress(steps=len(seconds), seconds=spent, time_limit=time_limit, median_seconds=median)


def _doubt(state: SteadyState) -> tuple[str, ...]:
    if state.reached:
        return ()
    if state.median is None or state.low is None or state.high is None:
        return (f"{state.steps} steps are too few for an interval of their median",)
    low, high = state.low / state.median - 1, state.high / state.median - 1
    return (f"the median of {state.steps} steps is only certain to {low:+.1%} to {high:+.1%}",)
