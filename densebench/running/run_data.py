"""Whether the data of a run are still those that it was trained on."""

from pathlib import Path
from typing import TYPE_CHECKING

from densebench.config import RunConfig
from densebench.errors import CheckpointError, InputError, ResultsError
from densebench.results import csv_file, store
from densebench.running.directory import run_directory

if TYPE_CHECKING:
    from densebench.data.identity import DataIdentity
    from densebench.data.images import Dataset


def read_identity(directory: Path) -> "DataIdentity | None":
    """The data that a run's newest checkpoint was trained on; ``None`` if it does not say, or there is none."""
    from densebench.training.checkpoints.directory import find_newest

    try:
        checkpoint = find_newest(directory)
    except CheckpointError:  # whoever needs the weights says so
        return None
    return None if checkpoint is None else checkpoint.description.data


def require_same_data(config: RunConfig, dataset: "Dataset", *, purpose: str) -> str | None:
    """Check the data of a run that is on disk; returns a sentence if nothing is known of what they were.

    Raises :class:`InputError` that says what differs. ``purpose`` is what cannot be done with other data, as in
    ``"cannot be resumed on"``.
    """
    changes = _list_changes(config, dataset)
    if changes is None:
        return f"Run {config.run!r} does not say which data it was trained on: whether they changed was not checked."
    if changes:
        raise InputError(
            f"Run {config.run!r} {purpose} other data than it was trained on ({', '.join(changes)}): "
            "restore the data, or start a new run."
        )
    return None


def _list_changes(config: RunConfig, dataset: "Dataset") -> list[str] | None:
    """What differs; ``None`` where neither the checkpoint nor the row says what the data were."""
    from densebench.data.identity import identify, list_data_changes

    known = read_identity(run_directory(config.runs_dir, config.run))
    if known is not None:
        return list_data_changes(known, identify(dataset))
    hashed = _read_row_hash(config)
    if hashed is None:
        return None
    return [] if hashed == dataset.sha256 else ["the hash of its images and labels is another"]


def _read_row_hash(config: RunConfig) -> str | None:
    """``dataset_sha256`` of a run's row, if it has finished an epoch."""
    path = store.run_path(config.results_dir, config.run)
    try:
        run = csv_file.read(path)[0] if path.exists() else None
    except ResultsError:
        return None
    return run.dataset_sha256 if run is not None and run.records else None
