"""Checkpoints of a run: everything needed to go on as if it had never stopped.

``checkpoint.npz`` is the newest and ``checkpoint-previous.npz`` the one before it. A new one is written aside, read
back and verified before it takes the newest's place, so a kill or a full disk at any moment leaves one to be trusted.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from densebench.config import RunConfig, deciding_values
from densebench.errors import CheckpointError, InputError, NonFiniteLoss
from densebench.records import EpochRecord
from densebench.training import checkpoint_file
from densebench.training.backend import BackendFacts
from densebench.training.checkpoint_file import Array, Contents, Damaged
from densebench.training.description import Description, VariableFacts, changes, from_json, to_json
from densebench.training.recipe import Trainee

NEWEST, PREVIOUS, SET_ASIDE = "checkpoint.npz", "checkpoint-previous.npz", "checkpoint-damaged.npz"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """An intact checkpoint, and what had to be said about finding it."""

    description: Description
    arrays: tuple[Array, ...]
    notices: tuple[str, ...]


def save(
    directory: Path,
    trainee: Trainee,
    *,
    config: RunConfig,
    facts: BackendFacts,
    records: Sequence[EpochRecord],
) -> None:
    """Save the state after the last of ``records``.

    Raises :class:`NonFiniteLoss` for weights that are NaN or infinite, and :class:`CheckpointError` if the file cannot
    be written; the checkpoint before it then stands.
    """
    variables = _variables(trainee.model, trainee.optimizer)
    arrays = tuple(np.array(keras.ops.convert_to_numpy(variable), order="C") for variable in variables)
    epoch = len(records)
    _require_finite(arrays, epoch)
    description = Description(
        epoch=epoch,
        deciding_values=deciding_values(config),
        facts=facts,
        records=tuple(records),
        model_variables=len(trainee.model.variables),
        variables=tuple(_facts_of(variable.path, array) for variable, array in zip(variables, arrays, strict=True)),
    )
    try:
        _replace(directory, Contents(description=to_json(description), arrays=arrays))
    except (OSError, Damaged) as error:
        reason = error.strerror if isinstance(error, OSError) else f"what was written {error}"
        raise CheckpointError(
            f"The checkpoint of epoch {epoch} cannot be written to {directory} ({reason}): {_way_on(directory)}"
        ) from None


def newest(directory: Path) -> Checkpoint | None:
    """The newest intact checkpoint, or ``None`` if there never was one.

    Raises :class:`CheckpointError` if there are some, and none can be trusted.
    """
    complaints = []
    for name in (NEWEST, PREVIOUS):
        try:
            contents = checkpoint_file.read(directory / name)
            description = from_json(contents.description)
            _require_described(description, contents.arrays)
        except FileNotFoundError:
            continue
        except Damaged as damage:
            complaints.append(f"{directory / name} {damage}")
            continue
        notices = tuple(f"{complaint}: going on from epoch {description.epoch} instead." for complaint in complaints)
        return Checkpoint(description=description, arrays=contents.arrays, notices=notices)
    if complaints:
        raise CheckpointError(f"{', and '.join(complaints)}: no checkpoint is left, so start the run anew.")
    return None


def restore(directory: Path, trainee: Trainee, *, config: RunConfig, facts: BackendFacts) -> Checkpoint | None:
    """Set the network and its optimizer to the newest checkpoint, which is returned; ``None`` if there is none.

    Raises :class:`InputError` if it belongs to another configuration, :class:`CheckpointError` if it cannot be used.
    """
    remove_stale(directory)
    checkpoint = newest(directory)
    if checkpoint is None:
        return None
    description = checkpoint.description
    differences = changes(description.deciding_values, deciding_values(config))
    if differences:
        raise InputError(
            f"The run in {directory} was begun with {'; '.join(differences)}: "
            "give the same options to resume it, or start another run."
        )
    _assign(checkpoint, _variables(trainee.model, trainee.optimizer), directory)
    if checkpoint.notices:  # or the next save would put the damaged one in the place of the one just used
        with contextlib.suppress(FileNotFoundError):
            os.replace(directory / NEWEST, directory / SET_ASIDE)
    return Checkpoint(
        description=description,
        arrays=checkpoint.arrays,
        notices=(*checkpoint.notices, *_what_differs(description.facts, facts)),
    )


def load_weights(directory: Path, model: keras.Model) -> Checkpoint:
    """Set a network's variables to the newest checkpoint's, whatever backend wrote it.

    Raises :class:`CheckpointError` if there is none, or if it is another network's.
    """
    checkpoint = newest(directory)
    if checkpoint is None:
        raise CheckpointError(f"There is no checkpoint in {directory}: the run ended before its first one.")
    if checkpoint.description.model_variables != len(model.variables):
        raise CheckpointError(
            f"The checkpoint in {directory} is not of a {model.name}: evaluate the run it belongs to."
        )
    _assign(checkpoint, model.variables, directory)
    return checkpoint


def remove_stale(directory: Path) -> None:
    """Remove what a killed writer left; a run has one writer, so nobody else is at work on it."""
    for stale in directory.glob(f".{NEWEST}.*.tmp"):
        stale.unlink(missing_ok=True)


def file_bytes(directory: Path) -> int | None:
    """Size of the newest checkpoint; ``None`` if there is none."""
    try:
        return (directory / NEWEST).stat().st_size
    except OSError:
        return None


def _way_on(directory: Path) -> str:
    """What can be done when a checkpoint could not be written."""
    if not directory.is_dir():
        return "the run's directory was removed, and its checkpoints with it, so start the run anew."
    stands = any((directory / name).exists() for name in (NEWEST, PREVIOUS))
    return "make room there, then continue with --resume" + ("; the checkpoint before it stands." if stands else ".")


def _replace(directory: Path, contents: Contents) -> None:
    temporary = directory / f".{NEWEST}.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    try:
        checkpoint_file.write(temporary, contents)
        checkpoint_file.read(temporary)
        with contextlib.suppress(FileNotFoundError):
            os.replace(directory / NEWEST, directory / PREVIOUS)
        os.replace(temporary, directory / NEWEST)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """See a rename on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _variables(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    return [*model.variables, *optimizer.variables]


def _facts_of(path: str, array: Array) -> VariableFacts:
    return VariableFacts(path=path, shape=array.shape, dtype=array.dtype.str)


def _require_finite(arrays: Sequence[Array], epoch: int) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise NonFiniteLoss(
            f"The weights became NaN or infinite in epoch {epoch}: lower --learning-rate; "
            "the checkpoint before it stands."
        )


def _require_described(description: Description, arrays: Sequence[Array]) -> None:
    described = [(facts.shape, facts.dtype) for facts in description.variables]
    if described != [(array.shape, array.dtype.str) for array in arrays]:
        raise Damaged("describes other arrays than it holds")


def _assign(checkpoint: Checkpoint, variables: Sequence[keras.Variable], directory: Path) -> None:
    saved = checkpoint.description.variables[: len(variables)]
    if len(saved) != len(variables):
        raise CheckpointError(f"The checkpoint in {directory} has too few variables: start the run anew.")
    for facts, variable in zip(saved, variables, strict=True):
        if (_name(facts.path), facts.shape) != (_name(variable.path), tuple(variable.shape)):
            raise CheckpointError(
                f"The checkpoint in {directory} has {facts.path} {facts.shape} where the network has "
                f"{variable.path} {tuple(variable.shape)}: it is another network's, so start the run anew."
            )
    for array, variable in zip(checkpoint.arrays, variables, strict=False):
        variable.assign(np.array(array))


def _name(path: str) -> str:
    """Layer and variable: the implementations put them at different depths."""
    return "/".join(path.split("/")[-2:])


def _what_differs(then: BackendFacts, now: BackendFacts) -> list[str]:
    differences = changes(then.__dict__, now.__dict__)
    if not differences:
        return []
    return [f"The run was begun with {'; '.join(differences)}: it goes on, but no longer bit for bit as it would have."]
