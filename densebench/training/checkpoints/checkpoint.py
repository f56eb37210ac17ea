"""Checkpoints of a run: everything needed to continue as if it had never stopped."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from densebench.config import RunConfig, deciding_values, list_decisions
from densebench.data.identity import DataIdentity
from densebench.errors import CheckpointError, InputError, NonFiniteLoss
from densebench.models.build import name_variable
from densebench.records import EpochRecord
from densebench.training.backends.backend import BackendFacts
from densebench.training.checkpoints.description import Description, VariableFacts, list_changes, to_json
from densebench.training.checkpoints.directory import (
    Checkpoint,
    advise,
    file_bytes,
    find_newest,
    remove_stale,
    replace_newest,
    set_damaged_aside,
)
from densebench.training.checkpoints.file import Array, Contents, Damaged
from densebench.training.trainee import Trainee


def save(
    directory: Path,
    trainee: Trainee,
    *,
    config: RunConfig,
    facts: BackendFacts,
    data: DataIdentity,
    records: Sequence[EpochRecord],
) -> None:
    """Save the state after the last of ``records``.

    Raises :class:`NonFiniteLoss` for weights that are NaN or infinite, and :class:`CheckpointError` if the file cannot
    be written; the previous checkpoint then remains.
    """
    variables = _variables(trainee.model, trainee.optimizer)
    arrays = tuple(np.array(keras.ops.convert_to_numpy(variable), order="C") for variable in variables)
    epoch = len(records)
    _require_finite(arrays, epoch, directory)
    description = Description(
        epoch=epoch,
        deciding_values=deciding_values(config),
        facts=facts,
        data=data,
        records=tuple(records),
        model_variables=len(trainee.model.variables),
        variables=tuple(_describe(variable.path, array) for variable, array in zip(variables, arrays, strict=True)),
    )
    try:
        replace_newest(directory, Contents(description=to_json(description), arrays=arrays))
    except (OSError, Damaged) as error:
        reason = error.strerror if isinstance(error, OSError) else f"what was written {error}"
        raise CheckpointError(
            f"The checkpoint of epoch {epoch} cannot be written to {directory} ({reason}): {advise(directory)}"
        ) from None


def restore(directory: Path, trainee: Trainee, *, config: RunConfig, facts: BackendFacts) -> Checkpoint | None:
    """Set the network and its optimizer to the newest checkpoint, which is returned; ``None`` if there is none.

    Raises :class:`InputError` if it belongs to another configuration, :class:`CheckpointError` if it cannot be used.
    """
    remove_stale(directory)
    checkpoint = find_newest(directory)
    if checkpoint is None:
        return None
    description = checkpoint.description
    differences = list_changes(description.deciding_values, deciding_values(config))
    if all(list_changes(description.deciding_values, values) for values in list_decisions(config)):
        raise InputError(
            f"The run in {directory} was started with {'; '.join(differences)}: "
            "give the same options to resume it, or start another run."
        )
    _assign(checkpoint, _variables(trainee.model, trainee.optimizer), directory)
    if checkpoint.notices:
        set_damaged_aside(directory)
    return Checkpoint(
        description=description,
        arrays=checkpoint.arrays,
        notices=(*checkpoint.notices, *_describe_differences(description.facts, facts)),
    )


def load_weights(directory: Path, model: keras.Model) -> Checkpoint:
    """Set a network's variables to the newest checkpoint's, of any backend.

    Raises :class:`CheckpointError` if there is none, or if it is another network's.
    """
    checkpoint = find_newest(directory)
    if checkpoint is None:
        raise CheckpointError(f"There is no checkpoint in {directory}: the run ended before its first one.")
    if checkpoint.description.model_variables != len(model.variables):
        raise CheckpointError(
            f"The checkpoint in {directory} is not of a {model.name}: evaluate the run it belongs to."
        )
    _assign(checkpoint, _order_as_saved(checkpoint, model.variables), directory)
    return checkpoint


def _variables(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    return [*model.variables, *optimizer.variables]


def _describe(path: str, array: Array) -> VariableFacts:
    return VariableFacts(path=path, shape=array.shape, dtype=array.dtype.str)


def _require_finite(arrays: Sequence[Array], epoch: int, directory: Path) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        remains = "; the previous checkpoint remains" if file_bytes(directory) is not None else ""
        raise NonFiniteLoss(f"The weights became NaN or infinite in epoch {epoch}: lower --learning-rate{remains}.")


def _assign(checkpoint: Checkpoint, variables: Sequence[keras.Variable], directory: Path) -> None:
    saved = checkpoint.description.variables[: len(variables)]
    if len(saved) != len(variables):
        raise CheckpointError(f"The checkpoint in {directory} has too few variables: start a new run.")
    for facts, variable in zip(saved, variables, strict=True):
        if (name_variable(facts.path), facts.shape) != (name_variable(variable.path), tuple(variable.shape)):
            raise CheckpointError(
                f"The checkpoint in {directory} has {facts.path} {facts.shape} where the network has "
                f"{variable.path} {tuple(variable.shape)}: it is another network's, so start a new run."
            )
    for array, variable in zip(checkpoint.arrays, variables, strict=False):
        variable.assign(np.array(array))


def _order_as_saved(checkpoint: Checkpoint, variables: Sequence[keras.Variable]) -> Sequence[keras.Variable]:
    """The variables in the order of the saved ones, where these have the same names: Keras orders parallel branches."""
    saved = [name_variable(facts.path) for facts in checkpoint.description.variables[: len(variables)]]
    by_name = {name_variable(variable.path): variable for variable in variables}
    return [by_name[name] for name in saved] if len(by_name) == len(saved) and by_name.keys() == {*saved} else variables


def _describe_differences(then: BackendFacts, now: BackendFacts) -> list[str]:
    differences = list_changes(then.__dict__, now.__dict__)
    if not differences:
        return []
    return [
        f"The run was started with {'; '.join(differences)}: it continues, but no longer bit for bit as it would have."
    ]
