"""The run's row while it grows: one immutable :class:`Run` is replaced by the next, and each is written whole."""

import dataclasses
from itertools import takewhile
from pathlib import Path
from typing import Self

from densebench.config import RunConfig
from densebench.errors import ResultsError, RunFailed, count_noun
from densebench.records import Phase, Run
from densebench.results import csv_file, store
from densebench.running.run_columns import describe_request, with_warning


class RunFile:
    """Owns ``results/<run>.csv``: every change of the run is on disk when the call returns.

    Without a path it is that of a process that does a run with others, and does not own it.
    """

    def __init__(self, run: Run, path: Path | None) -> None:
        if path is not None:
            csv_file.write(run, path)
        self.run = run
        self._path = path

    @classmethod
    def open(cls, config: RunConfig, phase: Phase) -> Self:
        """That of a new run, or of a resumed one with what was written before."""
        path = store.run_path(config.results_dir, config.run)
        run = describe_request(config, phase)
        written = _read_written(path) if config.resume else None
        if written is not None:
            run = dataclasses.replace(
                _note_other_devices(written, run),
                status="running",
                reason=None,
                command=run.command,
                resumed=(written.resumed or 0) + int(not _is_complete(written, run)),
                epochs=run.epochs,  # which may be more than before
                schedule=run.schedule,
                fingerprint=run.fingerprint,
                devices=run.devices,
                hosts=run.hosts,
                predicted_total_seconds=written.predicted_total_seconds if written.epochs == run.epochs else None,
            )
        return cls(run, path)

    @classmethod
    def keep_in_memory(cls, config: RunConfig, phase: Phase) -> Self:
        """One of which nothing is written."""
        return cls(describe_request(config, phase), None)

    def update(self, run: Run) -> None:
        """Replace the run by a newer state of it; raises :class:`RunFailed` where that cannot be written."""
        try:
            if self._path is not None:
                csv_file.write(run, self._path)
        except ResultsError as error:  # it could be written at first, so this is not wrong usage
            raise RunFailed(str(error)) from None
        self.run = run


def _is_complete(written: Run, run: Run) -> bool:
    """Whether there is nothing left to train."""
    return written.status == "completed" and written.epochs == run.epochs


def _note_other_devices(written: Run, run: Run) -> Run:
    """What was written, with a warning where the run goes on with another number of devices."""
    before, now = (written.devices or 1, written.hosts or 1), (run.devices, run.hosts)
    if before == now or not written.records:
        return written
    devices = count_noun(before[0], "device")
    used = devices if before[1] == 1 else f"{before[1]} hosts of {devices} each"
    last, newest = len(written.records), written.records[-1].replicas
    first = last - len(list(takewhile(lambda record: record.replicas == newest, reversed(written.records)))) + 1
    which = f"epochs up to {last}" if first == 1 else f"epochs {first} to {last}"
    return with_warning(written, f"the {which} were trained on {used}")


def _read_written(path: Path) -> Run | None:
    """The run on disk; ``None`` if its file is missing or damaged, as the checkpoint has its epochs too."""
    try:
        return csv_file.read(path)[0]
    except ResultsError:
        return None
