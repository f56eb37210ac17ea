"""One training, in its own process: from the configuration to the finished model on disk."""

import dataclasses
import time
from contextlib import closing
from typing import TYPE_CHECKING

from densebench.config import RunConfig
from densebench.events import EpochEnded, Message, Started
from densebench.measuring.stopwatch import elapsed
from densebench.records import EpochRecord
from densebench.running import run_columns
from densebench.running.book import Book
from densebench.running.channel import Channel
from densebench.running.directory import run_directory
from densebench.running.instruments import memory_named, monitored, watch_of
from densebench.running.preparing import Ground, count, prepare
from densebench.running.stopping import Stopper
from densebench.running.tasks import TrainTask

if TYPE_CHECKING:
    from densebench.training.trainee import Trainee

MODEL_FILE = "model.keras"


def train(task: TrainTask, book: Book, channel: Channel, stopper: Stopper) -> None:
    """Train; an epoch is in the book as soon as its checkpoint stands."""
    began = time.perf_counter()
    config = task.config
    ground = prepare(config, book, channel)
    count(config, book, ground.dataset)
    from densebench.training import loop
    from densebench.training.tensorboard import EpochLog
    from densebench.training.trainee import build_trainee

    trainee = build_trainee(
        config, ground.facts, classes=len(ground.dataset.class_names), image_size=ground.dataset.image_size
    )
    finished = _finished(config, ground, trainee, channel)
    behind = run_columns.seconds_behind(book.run, finished)
    book.update(run_columns.with_records(book.run, finished, total_seconds=behind))
    channel.send(_started(config, ground, book))
    directory = run_directory(config.runs_dir, config.run)
    with (
        monitored(ground.facts.device_kind) as monitor,
        closing(EpochLog(directory / "tensorboard", config, ground.facts)) as log,
        memory_named(config),
    ):
        for record in loop.train(
            config=config,
            facts=ground.facts,
            trainee=trainee,
            dataset=ground.dataset,
            finished=finished,
            checkpoints=directory if config.checkpoint_every else None,
            watch=watch_of(ground, monitor, book, channel, stopper, began),
        ):
            here = elapsed(began, time.perf_counter())
            total = None if here is None else (behind or 0.0) + here
            book.update(run_columns.with_records(book.run, (*book.run.records, record), total_seconds=total))
            log.add(record)
            channel.send(EpochEnded(record=record))
    _leave_model(config, trainee, ground, book)


def _finished(config: RunConfig, ground: Ground, trainee: "Trainee", channel: Channel) -> tuple[EpochRecord, ...]:
    """The epochs that a resumed run has behind it, its network and optimizer set to the end of the last one."""
    from densebench.training.checkpoints import checkpoint

    if not config.resume:
        return ()
    directory = run_directory(config.runs_dir, config.run)
    found = checkpoint.restore(directory, trainee, config=config, facts=ground.facts)
    for notice in found.notices if found else ("No epoch was finished before: starting from the first.",):
        channel.send(Message(text=notice))
    return found.description.records if found else ()


def _started(config: RunConfig, ground: Ground, book: Book) -> Started:
    return Started(
        run=book.run.run,
        variant=book.run.variant,
        params=book.run.params or 0,
        epochs=config.recipe.epochs,
        steps=-(-len(ground.dataset.train.labels) // config.recipe.batch_size),
        first_epoch=len(book.run.records) + 1,
    )


def _leave_model(config: RunConfig, trainee: "Trainee", ground: Ground, book: Book) -> None:
    """Save the finished model, and enter what it and the checkpoint weigh."""
    from densebench.training import export
    from densebench.training.checkpoints import checkpoint

    directory = run_directory(config.runs_dir, config.run)
    book.update(
        dataclasses.replace(
            book.run,
            model_file_bytes=export.save_model(trainee.model, config, directory / MODEL_FILE),
            checkpoint_file_bytes=checkpoint.file_bytes(directory),
        )
    )
