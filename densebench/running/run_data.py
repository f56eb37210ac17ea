"""Whether the data of a run are still those that it was trained on."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.config import RunConfig
from densebench.errors import CheckpointError, InputError, ResultsError
from densebench.results import csv_file, store
from densebench.running.directory import run_directory

if TYPE_CHECKING:
    from densebench.data.identity import DataIdentity
    from densebench.data.images import Dataset, Images


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

    Raises :class:`InputError` that says what differs. ``purpose`` is what cannot be done then: "cannot be resumed".
    """
    changes = _list_changes(config, dataset)
    if changes is None:
        return f"Run {config.run!r} does not say which data it was trained on: whether they changed was not checked."
    if changes:
        raise InputError(
            f"Run {config.run!r} {purpose}, because its data have changed ({', '.join(changes)}): "
            "restore the data, or start a new run."
        )
    return None


def take_classes(dataset: "Dataset", identity: "DataIdentity", what: str) -> "Dataset":
    """The dataset with its classes in the order in which a network answers.

    Raises :class:`InputError` where ``what``, such as ``"Run 'a'"``, was trained on other classes.
    """
    from densebench.data.identity import describe_class_changes

    changes = describe_class_changes(identity.class_names, dataset.class_names)
    if changes is not None:
        raise InputError(
            f"{what} was trained on other classes than {dataset.name} has now ({changes}): restore the class names, "
            "or give the --dataset it was trained on."
        )
    if dataset.class_names == identity.class_names:
        return dataset
    order = [identity.class_names.index(name) for name in dataset.class_names]
    return dataclasses.replace(
        dataset,
        class_names=identity.class_names,
        train=_renumber(dataset.train, order),
        validation=None if dataset.validation is None else _renumber(dataset.validation, order),
        test=_renumber(dataset.test, order),
    )


def list_image_changes(identity: "DataIdentity", dataset: "Dataset", splits: Sequence[str]) -> list[str]:
    """What differs in the images of these splits: train, validation, test."""
    from densebench.data.identity import describe_image_changes, identify

    now = identify(dataset)
    changes = [describe_image_changes(split, getattr(identity, split), getattr(now, split)) for split in splits]
    return [change for change in changes if change is not None]


def _renumber(images: "Images", order: Sequence[int]) -> "Images":
    import numpy as np

    return dataclasses.replace(images, labels=np.array(order, np.int32)[images.labels])


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
