"""The description in a checkpoint, as JSON: written by densebench, trusted only if every type is right."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from densebench.data.identity import DataIdentity, parse_identity
from densebench.records import COLUMNS, EpochRecord
from densebench.training.backends.backend import BackendFacts
from densebench.training.checkpoints.file import Damaged


@dataclass(frozen=True, kw_only=True)
class VariableFacts:
    """One variable: Keras's path, its shape, and NumPy's name of its type."""

    path: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, kw_only=True)
class Description:
    """The state of a run after ``epoch`` finished epochs; ``variables`` are the model's, then the optimizer's."""

    epoch: int
    deciding_values: Mapping[str, Any]
    facts: BackendFacts
    data: DataIdentity | None  # None: the checkpoint was written before this was kept
    records: tuple[EpochRecord, ...]
    model_variables: int
    variables: tuple[VariableFacts, ...]


def to_json(description: Description) -> str:
    """One JSON document."""
    return json.dumps(dataclasses.asdict(description))


def from_json(text: str) -> Description:
    """What :func:`to_json` wrote; raises :class:`Damaged` for anything else."""
    try:
        values = json.loads(text)
        if values["epoch"] != len(values["records"]):
            raise ValueError(f"{len(values['records'])} records of {values['epoch']} epochs")
        return Description(
            epoch=_typed(values["epoch"], int),
            deciding_values=_typed(values["deciding_values"], dict),
            facts=BackendFacts(**values["facts"]),
            data=_identity(values.get("data")),
            records=tuple(_record(record) for record in values["records"]),
            model_variables=_typed(values["model_variables"], int),
            variables=tuple(_variable(variable) for variable in values["variables"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged(
            f"has a description that densebench did not write ({type(error).__name__}: {str(error)[:100]})"
        ) from None


def list_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """``["threads 2, not 4", ...]`` for every value that differs."""
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return [f"{name} {then.get(name)}, not {now.get(name)}" for name in names]


def _identity(values: Any) -> DataIdentity | None:
    return None if values is None else parse_identity(_typed(values, dict))


def _record(values: Any) -> EpochRecord:
    for name, value in _typed(values, dict).items():
        kind = COLUMNS[name].type
        if value is not None and not (type(value) is kind or (kind is float and type(value) is int)):
            raise TypeError(f"{name} is {value!r}")
    return EpochRecord(**values)


def _variable(values: Any) -> VariableFacts:
    return VariableFacts(
        path=_typed(values["path"], str),
        shape=tuple(_typed(size, int) for size in values["shape"]),
        dtype=_typed(values["dtype"], str),
    )


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value
