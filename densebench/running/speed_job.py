"""One speed measurement, in its own process."""

import dataclasses
import time

from densebench.events import EpochEnded, Progress, Started
from densebench.measuring.stopwatch import elapsed
from densebench.running.book import Book
from densebench.running.channel import Channel
from densebench.running.instruments import memory_named, monitored, watch_of
from densebench.running.preparing import count, prepare
from densebench.running.stopping import Stopper
from densebench.running.tasks import SpeedTask


def measure(task: SpeedTask, book: Book, channel: Channel, stopper: Stopper) -> None:
    """Measure until the median is known well enough, and enter the one row."""
    began = time.perf_counter()
    config = task.config
    ground = prepare(config, book, channel)
    count(config, book, ground.dataset)
    from densebench.training.speed import SpeedProgress, measure_speed
    from densebench.training.trainee import build_trainee

    def progress(so_far: SpeedProgress) -> None:
        rate = config.recipe.batch_size / so_far.median_seconds
        done, limit = int(so_far.seconds * 10), max(1, int(so_far.time_limit * 10))
        channel.send(
            Progress(epoch=1, step=min(done, limit), steps=limit, loss=None, accuracy=None, images_per_second=rate)
        )

    with memory_named(config), monitored(ground.facts.device_kind) as monitor:
        trainee = build_trainee(
            config, ground.facts, classes=len(ground.dataset.class_names), image_size=ground.dataset.image_size
        )
        channel.send(
            Started(
                run=book.run.run,
                variant=book.run.variant,
                params=book.run.params or 0,
                epochs=1,
                steps=max(1, int(task.time_limit * 10)),
                first_epoch=1,
            )
        )
        record = measure_speed(
            config=config,
            facts=ground.facts,
            trainee=trainee,
            inference=task.inference,
            precision_target=task.precision_target,
            time_limit=task.time_limit,
            on_progress=progress,
            watch=watch_of(ground, monitor, book, channel, stopper, began),
        )
    total = elapsed(began, time.perf_counter())
    book.update(dataclasses.replace(book.run, records=(record,), total_seconds=total))
    channel.send(EpochEnded(record=record))
