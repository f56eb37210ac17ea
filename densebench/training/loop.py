"""The training loop: epochs of one network, each ending in a checkpoint and one :class:`EpochEnded`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from densebench.config import RunConfig
from densebench.data.batches import TrainBatches
from densebench.data.identity import identify
from densebench.data.images import Dataset
from densebench.events import Entered, EpochEnded, Event, Ready
from densebench.measuring.host import count_usable_cores
from densebench.measuring.stopwatch import EpochTimes, elapsed
from densebench.records import EpochRecord
from densebench.training.backends.backend import BackendFacts
from densebench.training.checkpoints import checkpoint
from densebench.training.epoch import Batches, EpochRunner
from densebench.training.parallel.data_parallel import ONE_DEVICE, DataParallel, require_same_state
from densebench.training.steps.step import CompileTimes
from densebench.training.trainee import Trainee
from densebench.training.watch import Watch

_MOST_BATCH_THREADS = 4  # each makes 100,000 images a second and more: docs/performance.md


def train(
    *,
    config: RunConfig,
    facts: BackendFacts,
    parallel: DataParallel = ONE_DEVICE,
    trainee: Trainee,
    dataset: Dataset,
    finished: Sequence[EpochRecord],
    checkpoints: Path | None,
    watch: Watch,
    batches: Batches | None = None,
) -> Iterator[Event]:
    """Continue from the state that ``trainee`` has after the ``finished`` epochs, until the last or the target.

    :class:`EpochEnded` comes when the epoch's checkpoint is in the directory ``checkpoints``, :class:`Ready` before the
    first. ``batches`` stand in for the training images. Raises :class:`InputError` for a batch larger than the data,
    :class:`NonFiniteLoss`, :class:`CheckpointError`, and what ``raise_if_stopped`` raises; the checkpoint of the last
    finished epoch is then kept.
    """
    records = list(finished)
    if _is_over(config, records):
        return
    start = watch.clock() if watch.started is None else watch.started
    finished_after = records[-1].elapsed_seconds if records else 0.0
    before = None if finished_after is None else max(finished_after, watch.spent)
    batches = batches or make_batches(dataset, config, facts)
    runner = EpochRunner(
        config=config, facts=facts, parallel=parallel, trainee=trainee, dataset=dataset, batches=batches, watch=watch
    )
    yield Entered(stage="compiling")
    compile_times = runner.compile()
    data = identify(dataset)
    while not _is_over(config, records):
        record, times = yield from runner.run(len(records) + 1)
        require_same_state(parallel, [*trainee.model.variables, *trainee.optimizer.variables])
        record = replace(record, elapsed_seconds=_sum(before, elapsed(start, watch.clock())))
        records.append(record)
        if checkpoints is not None and _is_saved(config, records):
            checkpoint.save(checkpoints, trainee, config=config, facts=facts, data=data, records=records)
        if len(records) == len(finished) + 1:
            yield _make_ready(trainee, compile_times, times)
        yield EpochEnded(record=record)


def make_batches(dataset: Dataset, config: RunConfig, facts: BackendFacts) -> TrainBatches:
    """The training images as a run gets them; raises :class:`InputError` for a batch larger than the data."""
    return TrainBatches(
        dataset.train,
        recipe=config.recipe,
        flip_allowed=dataset.flip_allowed,
        mean=dataset.mean,
        deviation=dataset.deviation,
        batch_size=config.recipe.batch_size,
        seed=config.seed,
        threads=_count_batch_threads(facts, devices=config.devices),
    )


def _count_batch_threads(facts: BackendFacts, *, devices: int) -> int:
    """As many as a GPU may need; on a CPU the network takes every core, and one thread is far ahead of it."""
    cores = count_usable_cores() or 1
    return 1 if facts.device_kind == "cpu" else min(_MOST_BATCH_THREADS, max(1, cores // devices - 1))


def _is_over(config: RunConfig, records: Sequence[EpochRecord]) -> bool:
    if len(records) >= config.recipe.epochs:
        return True
    reached = records[-1].test_accuracy if records else None
    return config.stop_at_target and config.target is not None and reached is not None and reached >= config.target


def _is_saved(config: RunConfig, records: Sequence[EpochRecord]) -> bool:
    every = config.checkpoint_every
    return every > 0 and (len(records) % every == 0 or _is_over(config, records))


def _make_ready(trainee: Trainee, compile_times: CompileTimes, times: EpochTimes) -> Ready:
    parts = (compile_times.trace_seconds, compile_times.compile_seconds)
    ahead = math.fsum(part for part in parts if part is not None)
    return Ready(
        build_seconds=trainee.build_seconds,
        trace_seconds=compile_times.trace_seconds,
        compile_seconds=compile_times.compile_seconds,
        first_step_seconds=_sum(ahead, times.first_step_seconds),
    )


def _sum(first: float | None, second: float | None) -> float | None:
    """An unknown part makes an unknown sum."""
    return None if first is None or second is None else first + second
