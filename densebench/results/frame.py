"""Runs as the table that users know: one pandas frame with a row an epoch and the columns of the results files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results.epoch_table import concatenate, to_array
from densebench.results.store import read_all

if TYPE_CHECKING:
    import pandas as pd


def read_frame(paths: Sequence[str | Path], *, last: bool = False) -> "pd.DataFrame":
    """The runs of files and folders as :func:`make_run_frame` has them; raises :class:`ResultsError`."""
    return make_run_frame(read_all(paths), last=last)


def make_run_frame(runs: Sequence[Run], *, last: bool = False) -> "pd.DataFrame":
    """One row an epoch, or one a run with its last epoch; a run without an epoch has one row without epoch values.

    Every column of the results files is there, in their order, nullable: ``Int64``, ``Float64``, ``boolean``, texts as
    ``category``. Unknown is ``<NA>``; ``nan`` is a figure that is not a number. Bytes and seconds, as in the files.
    """
    import pandas as pd

    epochs = concatenate(run.records or (EpochRecord(),) for run in runs)
    if last:
        epochs = epochs[~epochs.index.duplicated(keep="last")]
    places = epochs.index.to_numpy()
    columns = {
        name: epochs[name].array
        if column.level == "epoch"
        else to_array(column, [_get_value(run, name) for run in runs]).take(places)
        for name, column in COLUMNS.items()
    }
    return pd.DataFrame(columns, copy=False)


def _get_value(run: Run, name: str) -> object:
    return getattr(run if COLUMNS[name].level == "run" else run.environment, name)
