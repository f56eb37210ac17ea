"""What a column of ``results/*.csv`` is, and how the annotations of a dataclass say it."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Annotated, Literal

Show = Literal["text", "count", "bytes", "seconds", "milliseconds", "percent", "number", "joules", "flag"]
Level = Literal["run", "environment", "epoch"]  # whose value it is


@dataclass(frozen=True)
class About:
    """The description of a column."""

    title: str
    show: Show
    means: str
    unit: str = ""
    best: Literal["low", "high"] | None = None
    exact: bool = False  # without noise: any difference is real


@dataclass(frozen=True)
class Log:
    """The TensorBoard tag of an epoch's value; ``compared`` values are also logged with the hyper-parameters."""

    tag: str
    compared: bool = False


@dataclass(frozen=True)
class Column:
    """One column of ``results/*.csv``."""

    name: str
    type: type
    level: Level
    about: About
    log: Log | None = None


Text = str | None
Count = int | None
Number = float | None
Flag = bool | None


def list_columns(owner: type, level: Level) -> list[Column]:
    """The annotated fields of a dataclass as columns, in their order."""
    hints = typing.get_type_hints(owner, include_extras=True)
    found = []
    for entry in dataclasses.fields(owner):
        hint = hints[entry.name]
        if typing.get_origin(hint) is Annotated:
            value_type, about, *log = typing.get_args(hint)
            found.append(Column(entry.name, _find_plain_type(value_type), level, about, *log))
    return found


def _find_plain_type(hint: object) -> type:
    """``int | None`` -> ``int``; a ``Literal`` of words -> ``str``."""
    if typing.get_origin(hint) is Literal:
        return str
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    plain = arguments[0] if arguments else hint
    assert isinstance(plain, type)
    return plain
