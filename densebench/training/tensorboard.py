"""A run's TensorBoard log, written by tensorboardX, so that every backend has one and none needs TensorFlow."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from densebench.columns import Log
from densebench.config import RunConfig, deciding_values
from densebench.errors import RunFailed
from densebench.records import COLUMNS, EpochRecord
from densebench.training.backends.backend import BackendFacts
from densebench.training.backends.hidden_packages import hide_packages


class EpochLog:
    """Scalars epoch by epoch, on disk when :meth:`add` returns, and the hyper-parameters.

    Without tensorboardX's ``SummaryWriter``, whose thread would die of a full disk and let the run wait for it forever.
    Raises :class:`RunFailed` where it cannot write.
    """

    def __init__(self, directory: Path, config: RunConfig, facts: BackendFacts) -> None:
        with hide_packages("torch"):
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import Event
            from tensorboardX.summary import hparams, scalar
        self._directory, self._event, self._scalar = directory, Event, scalar
        compared = {log.tag: 0.0 for _, log in _logged_columns() if log.compared}
        experiment, start, self._end = hparams(_hyper_parameters(config, facts), compared)
        with self._explained():
            directory.mkdir(parents=True, exist_ok=True)
            # a resumed run begins another file, perhaps in the same second
            self._writer = EventsWriter(str(directory / "events"), f".{os.getpid()}")
            self._write([experiment, start])

    def add(self, record: EpochRecord) -> None:
        """Write what is known of an epoch."""
        values = {log.tag: getattr(record, column) for column, log in _logged_columns()}
        with self._explained():
            self._write([self._scalar(tag, value) for tag, value in values.items() if value is not None], record.epoch)

    def close(self) -> None:
        """End the session."""
        with self._explained():
            self._write([self._end])
            self._writer.close()

    def _write(self, summaries: Sequence[Any], step: int | None = None) -> None:
        for summary in summaries:
            self._writer.write_event(self._event(wall_time=time.time(), step=step, summary=summary))
        self._writer.flush()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunFailed(
                f"The TensorBoard log in {self._directory} cannot be written ({error.strerror}): make room there, "
                "then continue with --resume."
            ) from None


def _logged_columns() -> list[tuple[str, Log]]:
    """The columns of an epoch that are logged."""
    return [(column.name, column.log) for column in COLUMNS.values() if column.log is not None]


def _hyper_parameters(config: RunConfig, facts: BackendFacts) -> dict[str, Any]:
    """What TensorBoard can show: texts, numbers and flags."""
    resolved = {"jit": facts.jit, "implementation": facts.implementation, "threads": facts.threads}
    values = deciding_values(config) | resolved
    return {name: value for name, value in values.items() if value is not None}
