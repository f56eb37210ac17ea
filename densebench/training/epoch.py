"""One epoch: train, read the instruments, evaluate."""

import gc
import math
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from densebench.config import RunConfig
from densebench.data.batches import EvalBatches
from densebench.data.images import Dataset, Images
from densebench.errors import InputError, NonFiniteLoss
from densebench.events import Entered, Event, Progress, Warned
from densebench.measuring.gpu.monitor import list_warnings
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.stopwatch import EpochTimer, EpochTimes, elapsed
from densebench.records import EpochRecord
from densebench.schedules import learning_rate_at
from densebench.training.backends.backend import BackendFacts
from densebench.training.epoch_record import make_measured, make_record
from densebench.training.epoch_totals import EpochTotals, advise
from densebench.training.inference import compute_logits, make_ahead
from densebench.training.objective import compute_penalty, find_not_finite
from densebench.training.parallel.data_parallel import DataParallel
from densebench.training.parallel.shared_costs import combine_costs, read_costs
from densebench.training.random_streams import rekey
from densebench.training.run_steps import StepRunner
from densebench.training.scores import Scores, are_probabilities, score
from densebench.training.steps.choose import make_steps
from densebench.training.steps.step import Batch, CompileTimes
from densebench.training.trainee import Trainee
from densebench.training.watch import Watch


class Batches(Protocol):
    """What an epoch trains on."""

    steps: int  # of an epoch

    def epoch(self, number: int, /) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
        """Epoch ``number``, counted from 1: (x (B, H, W, 3), y (B,)) a step."""


class EpochRunner:
    """Everything that stays the same from epoch to epoch."""

    def __init__(
        self,
        *,
        config: RunConfig,
        facts: BackendFacts,
        parallel: DataParallel,
        trainee: Trainee,
        dataset: Dataset,
        batches: Batches,
        watch: Watch,
    ) -> None:
        self._config, self._recipe, self._parallel = config, config.recipe, parallel
        self._trainee, self._dataset, self._watch = trainee, dataset, watch
        self._steps = make_steps(trainee, config.recipe, facts, parallel)
        self._batches = batches
        self._memory = StepMemory(watch.allocator)
        self._warned: set[str] = set()

    def compile(self) -> CompileTimes:
        """Do ahead what would otherwise be done in the first steps; then nothing but steps is timed."""
        batch_size, images = self._recipe.batch_size, len(self._dataset.train.labels)
        times = self._steps.compile(batch_size, images % batch_size or batch_size)
        side = self._dataset.image_size
        answers = self._steps.logits(self._steps.place(np.zeros((batch_size, side, side, 3), dtype=np.float32)))
        self._require_logits(answers)
        gc.collect()
        gc.freeze()  # the collector need not walk through a framework's graph during a step
        self._watch.allocator.reset()
        self._memory = StepMemory(self._watch.allocator, self._steps.step_bytes(), self._steps.recorded_bytes)
        return times

    def run(self, epoch: int) -> Generator[Event, None, tuple[EpochRecord, EpochTimes]]:
        """Train for one epoch and evaluate; returns its times and its record, which lacks only ``elapsed_seconds``."""
        rate = learning_rate_at(self._recipe, epoch)
        rekey(self._trainee.model, self._config.seed, epoch)
        self._steps.begin(rate)
        self._watch.monitor.begin_epoch()
        times, totals = yield from self._train(epoch)
        own = read_costs(self._watch.monitor, self._memory, times)
        self._steps.end()
        self._require_finite_weights(epoch)
        costs = combine_costs(self._parallel, own)
        yield from self._warn(list_warnings(costs.allocated, costs.reading))
        yield Entered(stage="evaluating")
        validation = self._evaluate(self._dataset.validation, "validation", epoch)
        start = self._watch.clock()
        test = self._evaluate(self._dataset.test, "test", epoch)
        measured = make_measured(
            costs,
            times,
            self._parallel,
            epoch=epoch,
            learning_rate=rate,
            eval_seconds=elapsed(start, self._watch.clock()),
            train_loss=totals.loss,
            train_accuracy=totals.accuracy,
            penalty=compute_penalty(self._trainee.model, self._recipe),
            validation=validation,
            test=test,
        )
        return make_record(measured), times

    def _train(self, epoch: int) -> Generator[Progress, None, tuple[EpochTimes, EpochTotals]]:
        totals = EpochTotals(
            epoch=epoch, steps=self._batches.steps, clock=self._watch.clock, advice=self._advise(epoch)
        )
        timer = EpochTimer(clock=self._watch.clock)
        timer.start()
        with make_ahead(self._placed(epoch)) as batches:
            runner = StepRunner(self._steps, timer=timer, memory=self._memory, clock=self._watch.clock)
            for step in runner.run(batches):
                progress = totals.add(step.number, step.images, step.result)
                if progress is not None:
                    yield progress
                self._watch.raise_if_stopped()
        return timer.stop(), totals

    def _placed(self, epoch: int) -> Iterator[tuple[Batch, Batch, int]]:
        for x, y in self._batches.epoch(epoch):
            yield self._steps.place(x), self._steps.place(y), len(y)

    def _evaluate(self, images: Images | None, split: str, epoch: int) -> Scores | None:
        if images is None:
            return None
        dataset = self._dataset
        batches = EvalBatches(
            images, mean=dataset.mean, deviation=dataset.deviation, batch_size=self._recipe.batch_size
        )
        scores = score(compute_logits(self._steps, batches, self._watch.raise_if_stopped), len(dataset.class_names))
        if not math.isfinite(scores.loss):
            raise NonFiniteLoss(f"The {split} loss became {scores.loss} after epoch {epoch}: {self._advise(epoch)}")
        return scores

    def _require_logits(self, answers: NDArray[np.float32]) -> None:
        """A softmax before that of the loss would train, but slowly and to other figures."""
        if are_probabilities(answers):
            raise InputError(
                f"{self._config.variant} answers with probabilities, which add up to 1, and what is trained are "
                "logits: leave the softmax out."
            )

    def _require_finite_weights(self, epoch: int) -> None:
        path = find_not_finite(self._trainee.model.variables)
        if path is not None:
            raise NonFiniteLoss(f"The weights {path} became NaN or infinite in epoch {epoch}: {self._advise(epoch)}")

    def _advise(self, epoch: int) -> str:
        config = self._config
        return advise(precision=config.precision, epoch=epoch, checkpoint_every=config.checkpoint_every)

    def _warn(self, warnings: Sequence[str]) -> Iterator[Warned]:
        """Each warning once in a run."""
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                yield Warned(text=warning)
