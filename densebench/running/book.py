"""The run's row as it grows: one immutable :class:`Run` replaced by the next, each written whole."""

import dataclasses
from pathlib import Path
from typing import Self

from densebench.config import RunConfig
from densebench.errors import ResultsError, RunFailed
from densebench.records import Phase, Run
from densebench.results import store
from densebench.running.run_columns import asked


class Book:
    """Owns ``results/<run>.csv``: every change of the run is on disk when the call returns."""

    def __init__(self, run: Run, path: Path) -> None:
        store.write(run, path)
        self.run = run
        self._path = path

    @classmethod
    def opened(cls, config: RunConfig, phase: Phase) -> Self:
        """The book of a new run, or that of a resumed one with what it holds so far."""
        path = store.run_path(config.results_dir, config.run)
        run = asked(config, phase)
        written = _written(path) if config.resume else None
        if written is not None:
            run = dataclasses.replace(
                written, status="running", reason=None, command=run.command, resumed=(written.resumed or 0) + 1
            )
        return cls(run, path)

    def update(self, run: Run) -> None:
        """Replace the run by a newer state of it; raises :class:`RunFailed` where that cannot be written."""
        try:
            store.write(run, self._path)
        except ResultsError as error:  # it could be at first, so this is no wrong usage
            raise RunFailed(str(error)) from None
        self.run = run


def _written(path: Path) -> Run | None:
    """The run on disk; ``None`` if its file is gone or damaged, for the checkpoint has its rows too."""
    try:
        return store.read(path)[0]
    except ResultsError:
        return None
