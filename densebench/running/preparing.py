"""What every run does first: load its data, set up its backend, and say in its row what they turned out to be."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from densebench.config import RunConfig
from densebench.data import datasets
from densebench.events import Transfer
from densebench.models import cost, variants
from densebench.running import run_columns
from densebench.running.book import Book
from densebench.running.channel import Channel

if TYPE_CHECKING:
    from densebench.data.images import Dataset
    from densebench.training.backends.backend import BackendFacts

REPORTS_APART = 0.1  # seconds


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a run stands on."""

    dataset: "Dataset"
    facts: "BackendFacts"


def prepare(config: RunConfig, book: Book, channel: Channel) -> Ground:
    """Load the data first: what is wrong with them is told before a framework loads."""
    dataset = datasets.load(config.data, _Transfers(channel).report)
    book.update(run_columns.with_data(book.run, dataset, config.recipe))
    from densebench.training.backends import backend

    facts = backend.prepare(config)
    book.update(run_columns.with_backend(book.run, facts))
    return Ground(dataset=dataset, facts=facts)


def count(config: RunConfig, book: Book, dataset: "Dataset") -> None:
    """Enter what the network counts."""
    counted = cost.count(variants.find(config.variant), classes=len(dataset.class_names), image_size=dataset.image_size)
    book.update(run_columns.with_cost(book.run, counted))


class _Transfers:
    """Tells the parent of a download or a decoding, not too often."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told = float("-inf")

    def report(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._told >= REPORTS_APART or done == total:
            self._told = now
            self._channel.send(Transfer(what=what, done=done, total=total))
