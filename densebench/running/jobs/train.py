"""One training, in its own process: from the prepared run to the finished model on disk."""

import dataclasses
import json
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from densebench.events import EpochEnded, Message
from densebench.measuring.host import read_host_peak_bytes
from densebench.records import EpochRecord
from densebench.running.context import RunContext
from densebench.running.directory import store_recipe
from densebench.running.run_columns import with_host_peak
from densebench.running.tasks import TrainTask

if TYPE_CHECKING:
    from densebench.training.trainee import Trainee

_MODEL_FILE = "model.keras"


def train(task: TrainTask, context: RunContext) -> None:
    """Train; an epoch is in the run's row as soon as its checkpoint is written."""
    from densebench.training import loop
    from densebench.training.tensorboard import EpochLog

    config = task.config
    context.count_network()
    _enter_prediction(task, context)
    _enter_launcher(task, context)
    trainee = context.build_trainee()
    finished = _restore_epochs(context, trainee) if config.resume else ()
    if config.resume and context.is_owner:
        store_recipe(config)
    context.continue_after(finished)
    context.start(epochs=config.recipe.epochs, steps=_count_steps(context))
    with (
        context.open_watch() as watch,
        closing(EpochLog(context.directory / "tensorboard", config, context.facts))
        if context.is_owner
        else nullcontext() as log,
    ):
        for event in loop.train(
            config=config,
            facts=context.facts,
            parallel=context.parallel,
            trainee=trainee,
            dataset=context.dataset,
            finished=finished,
            checkpoints=context.directory if config.checkpoint_every and context.is_owner else None,
            watch=watch,
        ):
            context.report(event)
            if log is not None and isinstance(event, EpochEnded):
                log.add(event.record)
    if context.is_owner:
        _save_model(context, trainee)
    is_alone = context.parallel.layout.ranks == 1  # else the others have their share in the figure
    # of epochs that another process has trained it knows no peak
    if is_alone and len(context.run.records) > len(finished):
        context.update(with_host_peak(context.run, read_host_peak_bytes()))


def _enter_prediction(task: TrainTask, context: RunContext) -> None:
    """What the run was predicted to cost; a resumed run keeps what was said at its first start."""
    if not task.config.resume:
        context.update(
            dataclasses.replace(
                context.run,
                predicted_total_seconds=task.predicted_total_seconds,
                predicted_peak_bytes=task.predicted_peak_bytes,
            )
        )


def _enter_launcher(task: TrainTask, context: RunContext) -> None:
    """What started the run, and how often again."""
    restarts = (context.run.restarts or 0) + int(task.is_restart)
    context.update(dataclasses.replace(context.run, launcher=task.launcher, restarts=restarts))


def _count_steps(context: RunContext) -> int:
    """Steps in an epoch; the last may be of fewer images."""
    return -(-len(context.dataset.train.labels) // context.config.recipe.batch_size)


def _restore_epochs(context: RunContext, trainee: "Trainee") -> tuple[EpochRecord, ...]:
    """The epochs that a resumed run has finished, its network and optimizer set to the end of the last one.

    The owner reads the checkpoint, and gives the other processes what is in it.
    """
    from densebench.training.parallel.data_parallel import share_state

    records = _read_checkpoint(context, trainee) if context.is_owner else ()
    variables = [*trainee.model.variables, *trainee.optimizer.variables]
    text = share_state(context.parallel, variables, json.dumps([dataclasses.asdict(record) for record in records]))
    return records if context.is_owner else tuple(EpochRecord(**values) for values in json.loads(text))


def _read_checkpoint(context: RunContext, trainee: "Trainee") -> tuple[EpochRecord, ...]:
    from densebench.training.checkpoints import checkpoint

    found = checkpoint.restore(context.directory, trainee, config=context.config, facts=context.facts)
    for notice in found.notices if found else ("No epoch was finished before: starting from the first.",):
        context.report(Message(text=notice))
    return found.description.records if found else ()


def _save_model(context: RunContext, trainee: "Trainee") -> None:
    """Save the finished model, and enter what it and the checkpoint weigh."""
    from densebench.data.identity import identify
    from densebench.training.checkpoints.directory import file_bytes
    from densebench.training.model_files import export

    data, path = identify(context.dataset), context.directory / _MODEL_FILE
    context.update(
        dataclasses.replace(
            context.run,
            model_file_bytes=export.save_model(trainee.model, context.config, data, path),
            checkpoint_file_bytes=file_bytes(context.directory),
        )
    )
