"""A trial, in its own process: a training in little, from which the cost of a whole one is predicted."""

import dataclasses
import time
from typing import TYPE_CHECKING

from densebench.events import EpochEnded, Event, Progress
from densebench.measuring.stopping_rule import choose_patience
from densebench.running.context import RunContext
from densebench.running.tasks import TrialTask

if TYPE_CHECKING:
    from densebench.training.trial_batches import TrialBatches

_LEARNED = ("train_loss", "train_accuracy", "penalty", "test_loss", "test_accuracy", "test_top5_accuracy")


def try_out(task: TrialTask, context: RunContext) -> None:
    """Train until the steps' time is known; the row has the epochs of the recipe, and the images of the first one."""
    from densebench.training import loop
    from densebench.training.checkpoints.directory import remove_all
    from densebench.training.speed import count_tenths

    config = task.config
    context.count_network()
    trainee = context.build_trainee()
    batches = _make_batches(task, context)
    context.start(epochs=config.recipe.epochs, steps=count_tenths(task.time_limit))
    began = time.perf_counter()
    with context.open_watch() as watch:
        for event in loop.train(
            config=config,
            facts=context.facts,
            parallel=context.parallel,
            trainee=trainee,
            dataset=context.dataset,
            finished=(),
            checkpoints=context.directory,
            watch=watch,
            batches=batches,
        ):
            context.report(_keep_costs(event, time.perf_counter() - began, count_tenths(task.time_limit)))
    test_images = len(context.dataset.test.labels)
    context.update(dataclasses.replace(context.run, train_images=batches.images, test_images=test_images))
    remove_all(context.directory)


def _make_batches(task: TrialTask, context: RunContext) -> "TrialBatches":
    from densebench.training.loop import make_batches
    from densebench.training.trial_batches import TrialBatches

    return TrialBatches(
        make_batches(context.dataset, task.config, context.facts),
        images=len(context.dataset.train.labels),
        batch_size=task.config.recipe.batch_size,
        time_limit=task.time_limit,
        clock=time.perf_counter,
        patience=choose_patience(context.facts.device_kind, energy=False),
    )


def _keep_costs(event: Event, seconds: float, tenths: int) -> Event:
    """Without what was learned of random images; progress by the clock, for the number of steps is not known."""
    match event:
        case Progress():
            step = min(int(seconds * 10), tenths)
            return dataclasses.replace(event, step=step, steps=tenths, loss=None, accuracy=None)
        case EpochEnded():
            return EpochEnded(record=dataclasses.replace(event.record, **dict.fromkeys(_LEARNED)))
    return event
