"""What watches a run while its steps go on, and what becomes of what they tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from densebench.config import RunConfig
from densebench.errors import DensebenchError
from densebench.events import Message, Progress
from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.monitor import Monitor, open_monitor
from densebench.running import run_columns
from densebench.running.book import Book
from densebench.running.channel import Channel
from densebench.running.preparing import Ground
from densebench.running.stopping import Stopper

if TYPE_CHECKING:
    from densebench.training import watch


@contextmanager
def monitored(device_kind: str) -> Iterator[Monitor]:
    """The GPU watched while it lasts."""
    monitor = open_monitor(device_kind)
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()


@contextmanager
def memory_named(config: RunConfig) -> Iterator[None]:
    """Whatever a framework raises when memory does not suffice becomes one sentence with the batch that failed."""
    from densebench.training.backends import memory_errors

    try:
        yield
    except DensebenchError:
        raise
    except Exception as error:
        if memory_errors.is_out_of_memory(error):
            raise memory_errors.explain_out_of_memory(config) from error
        raise


def watch_of(
    ground: Ground, monitor: Monitor, book: Book, channel: Channel, stopper: Stopper, began: float
) -> "watch.Watch":
    """The loop's instruments, and what becomes of what it tells."""
    from densebench.training import watch

    def progress(step: watch.Progress) -> None:
        stopper.preparing = False
        channel.send(
            Progress(
                epoch=step.epoch,
                step=step.step,
                steps=step.steps,
                loss=step.loss,
                accuracy=step.accuracy,
                images_per_second=step.images_per_second,
            )
        )

    def ready(readiness: watch.Readiness) -> None:
        if book.run.first_step_seconds is None:  # a resumed run keeps its first start, as it keeps its epochs
            book.update(run_columns.with_readiness(book.run, readiness))

    def warn(text: str) -> None:
        channel.send(Message(text=text))
        book.update(run_columns.with_warning(book.run, text))

    return watch.Watch(
        monitor=monitor,
        allocator=open_allocator(ground.facts.name),
        on_progress=progress,
        on_ready=ready,
        on_warning=warn,
        should_stop=stopper.check,
        started=began,
    )
