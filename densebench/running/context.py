"""What every job does in the same way: its first steps, its instruments, its row, and what it sends to the parent."""

import dataclasses
import faulthandler
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from densebench.config import RunConfig
from densebench.data import datasets
from densebench.errors import LOST_CONTACT, DensebenchError, RunFailed
from densebench.events import (
    PROGRESS_INTERVAL,
    Ended,
    EpochEnded,
    Event,
    Message,
    Progress,
    Ready,
    Started,
    Transfer,
    Warned,
)
from densebench.measuring.gpu.monitor import ask_gpu
from densebench.measuring.gpu.several import open_allocators, open_monitors
from densebench.measuring.missing import find_unused_gpu
from densebench.measuring.stopwatch import Clock, elapsed
from densebench.models.own.checking import count_variant
from densebench.models.own.lookup import load_configured
from densebench.models.variant import AnyVariant, ModelVariant
from densebench.records import EpochRecord, Run
from densebench.running import run_columns
from densebench.running.channel import Channel
from densebench.running.directory import mark_begun, run_directory
from densebench.running.processes import list_all_devices, meet, take_name
from densebench.running.run_data import require_same_data
from densebench.running.run_file import RunFile
from densebench.running.stopping import Stopper, make_interruption
from densebench.training.parallel.layout import ALONE, Layout
from densebench.training.parallel.step_limit import StepLimit

if TYPE_CHECKING:
    import keras

    from densebench.data.images import Dataset
    from densebench.training.backends.backend import BackendFacts
    from densebench.training.parallel.data_parallel import DataParallel
    from densebench.training.trainee import Trainee
    from densebench.training.watch import Watch


class RunContext:
    """A run that is prepared: what a job needs, and where it reports what happens."""

    def __init__(
        self,
        *,
        config: RunConfig,
        dataset: "Dataset",
        facts: "BackendFacts",
        parallel: "DataParallel",
        run_file: RunFile,
        channel: Channel,
        stopper: Stopper,
        began: float,
    ) -> None:
        self.config, self.dataset, self.facts, self.parallel = config, dataset, facts, parallel
        self.directory: Path = run_directory(config.runs_dir, config.run)
        self._run_file, self._channel, self._stopper = run_file, channel, stopper
        self._began = began  # a reading of time.perf_counter
        self._seconds_before: float | None = None  # that a resumed run took until it was stopped
        self._step_limit = StepLimit(self._give_up)

    @property
    def run(self) -> Run:
        """The run as its row says it."""
        return self._run_file.run

    @cached_property
    def _network(self) -> AnyVariant:
        return load_configured(self.config)

    @property
    def is_owner(self) -> bool:
        """Whether this process writes the run's files: one does, of those that do the run together."""
        return self.parallel.layout.is_owner

    def raise_if_stopped(self) -> None:
        """Raise :class:`Interrupted` if the run was asked to stop, any of its processes: so that all stop here."""
        if self.parallel.layout.ranks == 1:
            self._stopper.check()
            return
        from densebench.training.parallel.data_parallel import agree_on_signal

        self._step_limit.note()
        number = agree_on_signal(self.parallel, self._stopper.find_signal())
        if number:
            self._stopper.leave_others = self.parallel.leave
            raise make_interruption(number)

    def update(self, run: Run) -> None:
        """Replace the run's row; raises :class:`RunFailed` where it cannot be written."""
        self._run_file.update(run)

    def count_network(self) -> None:
        """Enter what the network counts; one that only Keras can count is counted when it is built."""
        if isinstance(self._network, ModelVariant):
            return
        classes, image_size = len(self.dataset.class_names), self.dataset.image_size
        counted = count_variant(self._network, classes=classes, image_size=image_size)
        self.update(run_columns.with_cost(self.run, counted))

    def build_trainee(self) -> "Trainee":
        """The network and its optimizer, for the images of the dataset."""
        from densebench.training.trainee import build_trainee

        classes = len(self.dataset.class_names)
        with self.parallel.scope():
            trainee = build_trainee(self.config, self.facts, classes=classes, image_size=self.dataset.image_size)
        if isinstance(self._network, ModelVariant):
            self.count_built(trainee.model)
        return trainee

    def count_built(self, model: "keras.Model") -> None:
        """Enter what a network counts that is known only as a ``keras.Model``."""
        from densebench.models.own.keras_models import describe_peculiarities
        from densebench.models.own.model_counts import count_model

        counted = count_model(model)
        run = run_columns.with_cost(self.run, counted)
        self.update(run_columns.with_peculiarities(run, describe_peculiarities(model, counted)))

    @contextmanager
    def open_watch(self) -> Iterator["Watch"]:
        """The instruments of a training; those that sample the GPU run until the end of the ``with`` block."""
        from densebench.training.watch import Watch

        devices = self.parallel.layout.local_devices
        monitor = open_monitors(self.facts.device_kind, devices)
        monitor.start()
        try:
            yield Watch(
                monitor=monitor,
                allocator=open_allocators(self.facts.name, devices),
                raise_if_stopped=self.raise_if_stopped,
                started=self._began,
                spent=self._seconds_before or 0.0,
            )
        finally:
            self._step_limit.end()
            monitor.stop()

    def continue_after(self, finished: Sequence[EpochRecord]) -> None:
        """Enter the epochs that a resumed run has finished before; the time it took counts."""
        self._seconds_before = run_columns.find_seconds_before(self.run, finished)
        self.update(run_columns.with_records(self.run, finished, total_seconds=self._seconds_before))

    def enter_time(self) -> None:
        """Enter what a run has taken that is stopped here, its unfinished epoch included."""
        with suppress(RunFailed):  # of a full disk; how the run ended will be said
            self.update(dataclasses.replace(self.run, total_seconds=self._total_seconds()))

    def start(self, *, epochs: int, steps: int) -> None:
        """Report that the first step is about to run; ``steps`` in an epoch."""
        if self.is_owner:
            mark_begun(self.directory)
        self.report(
            Started(
                run=self.run.run,
                variant=self.run.variant,
                params=self.run.params,
                epochs=epochs,
                steps=steps,
                first_epoch=len(self.run.records) + 1,
            )
        )

    def report(self, event: Event) -> None:
        """Enter into the row what the event says of the run, then send it to the parent."""
        match event:
            case Progress():
                self._stopper.preparing = False
            case Ready() if self.run.first_step_seconds is None:  # a resumed run keeps the times of its first start
                self.update(run_columns.with_readiness(self.run, event))
            case Warned():
                self.update(run_columns.with_warning(self.run, event.text))
            case EpochEnded():
                records = (*self.run.records, event.record)
                self.update(run_columns.with_records(self.run, records, total_seconds=self._total_seconds()))
                self._step_limit.settle()
        self._channel.send(event)

    def _give_up(self, seconds: float) -> NoReturn:
        """End the process, whose main thread hangs, or waits for another; the parent writes the row."""
        faulthandler.dump_traceback()
        reason = f"{LOST_CONTACT}, or this one hangs: no step has ended for {seconds:.0f} s; its log says where it is."
        self._channel.send(Ended(status="failed", reason=reason, exit_code=RunFailed.exit_code))
        os._exit(RunFailed.exit_code)

    def _total_seconds(self) -> float | None:
        here = elapsed(self._began, time.perf_counter())
        return None if here is None else (self._seconds_before or 0.0) + here


def prepare(
    config: RunConfig, run_file: RunFile, channel: Channel, stopper: Stopper, layout: Layout = ALONE
) -> RunContext:
    """Load the data first, so that what is wrong with them is said before a framework loads; then the backend.

    Last it meets the other processes of the run, each of which has loaded the data too.
    """
    began = time.perf_counter()
    dataset = datasets.load(config.data, _TransferReports(channel).report)
    if config.resume and layout.is_owner:
        unknown = require_same_data(config, dataset, purpose="cannot be resumed")
        if unknown is not None:
            channel.send(Message(text=unknown))
    run_file.update(run_columns.with_data(run_file.run, dataset, config.recipe))
    from densebench.training.backends import backend

    facts = backend.prepare(config, layout)
    run_file.update(run_columns.with_backend(run_file.run, facts))
    parallel = meet(config, facts, layout, dataset)
    config = take_name(config, parallel, run_file)
    run_file.update(run_columns.with_devices(run_file.run, list_all_devices(facts, parallel)))
    context = RunContext(
        config=config, dataset=dataset, facts=facts, parallel=parallel,
        run_file=run_file, channel=channel, stopper=stopper, began=began,
    )  # fmt: skip
    if facts.device_kind == "cpu":
        for warning in find_unused_gpu(facts.name, facts.device_kind, ask_gpu()):
            context.report(Warned(text=warning))
    return context


@contextmanager
def explain_memory_errors(config: RunConfig, *, trains: bool) -> Iterator[None]:
    """Turn what a framework raises when memory runs out into one sentence with the batch size that failed."""
    from densebench.training.backends import memory_errors

    try:
        yield
    except DensebenchError:
        raise
    except Exception as error:
        if memory_errors.is_out_of_memory(error):
            raise memory_errors.explain_out_of_memory(config, trains=trains) from error
        raise


class _TransferReports:
    """Sends how far a download or a decoding is, but not too often."""

    def __init__(self, channel: Channel, clock: Clock = time.monotonic) -> None:
        self._channel = channel
        self._clock = clock
        self._sent = float("-inf")

    def report(self, what: str, done: int, total: int | None) -> None:
        now = self._clock()
        if now - self._sent >= PROGRESS_INTERVAL or done == total:
            self._sent = now
            self._channel.send(Transfer(what=what, done=done, total=total))
