"""Defaults of options from the environment and from a file.

An option that is typed goes before a variable (``DENSEBENCH_TRAIN_EPOCHS`` before ``DENSEBENCH_EPOCHS``), a variable
before the file: the nearest ``densebench.toml``, or ``[tool.densebench]`` in ``pyproject.toml``, of the working
directory or of a folder above it up to the repository's root. A table such as ``[train]`` is for that command alone.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from densebench.errors import InputError

_PREFIX = "DENSEBENCH_"
_OTHER_VARIABLES = ("DENSEBENCH_DATA", "DENSEBENCH_EVENTS_FD")  # which are no options

Options = Mapping[str, Mapping[str, str]]  # of each command: names as typed, without dashes, to parameters


class Default(str):
    """A value as it would be typed, and the file or variable that it is from."""

    source: str

    @property
    def is_variable(self) -> bool:
        """Whether it is from the environment, and not from a file."""
        return self.source.startswith(_PREFIX)

    def __new__(cls, value: str, source: str) -> "Default":
        made = super().__new__(cls, value)
        made.source = source
        return made


def find_defaults(options: Options, environment: Mapping[str, str], folder: Path) -> dict[str, dict[str, Default]]:
    """Of each command: parameters to their defaults; raises :class:`InputError` for an unknown key or variable."""
    found = _read_file(options, folder)
    for command, values in _read_variables(options, environment).items():
        found[command] |= values
    return found


def _read_file(options: Options, folder: Path) -> dict[str, dict[str, Default]]:
    source, content = next(_find_tables(folder), ("", {}))
    if not isinstance(content, dict):
        raise InputError(f"In {source}, tool.densebench is {content!r}: make it a table, [tool.densebench].")
    tables = {name: table for name, table in content.items() if isinstance(table, dict)}
    every = {name: value for name, value in content.items() if not isinstance(value, dict)}
    names_of_options = {name for names in options.values() for name in names}
    for name in tables.keys() & names_of_options - options.keys():
        raise InputError(f"{name!r} in {source} is an option, and a table belongs to a command: give it a value.")
    for name in every.keys() & options.keys() - {"recipe"}:
        raise InputError(f"{name!r} in {source} is a command: write its defaults below [{name}].")
    _check_keys(every, names_of_options, source)
    _check_keys(tables, options.keys(), source)
    for command, table in tables.items():
        _check_keys(table, options[command].keys(), f"[{command}] of {source}")
    return {
        command: _set_parameters(every, names, source) | _set_parameters(tables.get(command, {}), names, source)
        for command, names in options.items()
    }


def _find_tables(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and content of the files, the nearest first."""
    for place in _list_folders(folder):
        for name in ("densebench.toml", "pyproject.toml"):
            content = _read_toml(place / name)
            if name == "pyproject.toml" and content is not None:
                tool = content.get("tool")
                content = tool.get("densebench") if isinstance(tool, dict) else None
            if content is not None:
                yield os.path.relpath(place / name, folder), content


def _list_folders(folder: Path) -> list[Path]:
    """The folder and those above it up to the repository's root; outside a repository the folder alone."""
    above = [folder, *folder.parents]
    root = next((index for index, place in enumerate(above) if (place / ".git").exists()), 0)
    return above[: root + 1]


def _read_toml(path: Path) -> dict[str, Any] | None:
    """None where there is no such file, or where a ``pyproject.toml`` does not mention densebench."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.name == "pyproject.toml" and "densebench" not in text:
            return None
        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"The defaults in {path} cannot be read ({error}): correct or remove the file.") from None


def _check_keys(given: Mapping[str, object], allowed: "set[str] | Mapping[str, str] | Any", source: str) -> None:
    for key in given:
        if key.replace("_", "-") not in allowed:
            raise InputError(f"Unknown key {key!r} in {source}: {_advise(key.replace('_', '-'), allowed)}")


def _advise(given: str, allowed: Any) -> str:
    near = get_close_matches(given, list(allowed), n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "name an option of the command line, such as epochs."


def _set_parameters(values: Mapping[str, Any], names: Mapping[str, str], source: str) -> dict[str, Default]:
    typed = {key.replace("_", "-"): value for key, value in values.items()}
    return {names[key]: Default(_format(value), source) for key, value in typed.items() if key in names}


def _format(value: object) -> str:
    """A value of TOML as it would be typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_variables(options: Options, environment: Mapping[str, str]) -> dict[str, dict[str, Default]]:
    general = {_name_variable(name) for names in options.values() for name in names}
    single = {_name_variable(f"{command}-{name}") for command, names in options.items() for name in names}
    for variable in environment:
        if variable.startswith(_PREFIX) and variable not in general | single | set(_OTHER_VARIABLES):
            raise InputError(f"Unknown variable {variable!r}: {_advise(variable, general | single)}")
    return {command: _find_variables(command, names, environment) for command, names in options.items()}


def _find_variables(command: str, names: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Default]:
    found = {}
    for name, parameter in names.items():
        for variable in (_name_variable(f"{command}-{name}"), _name_variable(name)):
            if environment.get(variable) and parameter not in found:
                found[parameter] = Default(environment[variable], variable)
    return found


def _name_variable(option: str) -> str:
    return _PREFIX + option.replace("-", "_").upper()
