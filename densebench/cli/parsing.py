"""From what was typed to values: the options of a run, lists of words, times and fractions."""

import dataclasses
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from densebench.cli.defaults import Default
from densebench.columns import Show
from densebench.errors import InputError
from densebench.planning.options import AXES, Axis, TrainOptions, parse_batch_sizes, parse_devices, parse_seeds
from densebench.quantities import convert_to_unit, parse_quantity
from densebench.running.launchers.options import LaunchOptions, check_launch, is_taken

_RIVALS = {"seed": "seeds", "seeds": "seed"}  # typed, one silences a default of the other
# where a run is kept and how it is watched: what a variable or file may say of a run that exists already
_OF_ANY_RUN = frozenset(
    {"data_dir", "offline", "results_dir", "runs_dir", "threads", "checkpoint_every", "time_limit"}
    | {field.name for field in dataclasses.fields(LaunchOptions)}
)
_PARTS = re.compile(r"[\s,<>=]+")  # what lies between the parts of a list, of a limit, of a command line
_SWEEPING = ("train", "speed")  # commands that make every combination of what several are given of
# parsed by the command
_OWN_LISTS = {"plan": ("backend", "precision", "batch_size", "devices"), "speed": ("batch_size",)}
_NO_DEFAULTS = frozenset({"help", "resume", "dry-run", "slurm", "no-wait"})  # options that make sense when typed only


def list_options(commands: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Of each command the options that may have a default elsewhere: as typed, without dashes, to their parameters."""
    return {
        name: {
            spelling.removeprefix("--"): param.name
            for param in command.params
            for spelling in param.opts
            if spelling.startswith("--") and spelling.removeprefix("--") not in _NO_DEFAULTS
        }
        for name, command in commands.items()
    }


def _list_defaults_in_force(context: typer.Context) -> dict[str, Default]:
    """Parameters that nobody typed and that a variable or file decides."""
    defaults: Mapping[str, Default] = context.default_map or {}
    found = {
        name: default
        for name, default in defaults.items()
        if not _is_typed(context, name) and not _is_silenced(context, default, _RIVALS.get(name))
    }
    names_a_run = context.params.get("resume") or (context.info_name == "eval" and not _is_model_file(context))
    return {name: default for name, default in found.items() if name in _OF_ANY_RUN} if names_a_run else found


def _is_silenced(context: typer.Context, default: Default, rival: str | None) -> bool:
    """Whether the rival of a default goes before it: it is typed, or of a variable while the default is of a file."""
    if rival is None:
        return False
    other: Default | None = (context.default_map or {}).get(rival)
    return _is_typed(context, rival) or (other is not None and other.is_variable and not default.is_variable)


def _is_typed(context: Any, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def describe_sources(sentence: str, context: Any) -> str:
    """Where the defaults are from that the sentence of an error speaks of, in brackets; empty if it speaks of none.

    A sentence speaks of a default if it has the option or, in quotes and untyped, the value or a part of it.
    """
    defaults = context.default_map or {}
    typed = {*_PARTS.split(context.obj)}
    origins = [
        f"{param.opts[-1]} is from {default.source}"
        for param in context.command.params
        if (default := defaults.get(param.name)) is not None and not _is_typed(context, param.name)
        if _speaks_of(sentence, param.opts[-1], {default, *_PARTS.split(default)} - typed)
    ]
    return f"({', '.join(origins)})" if origins else ""


def _speaks_of(sentence: str, option: str, values: Iterable[str]) -> bool:
    return bool(re.search(rf"{option}(?![\w-])", sentence)) or any(f"'{value}'" in sentence for value in values)


def _is_model_file(context: typer.Context) -> bool:
    from densebench.training.model_files.model_origin import is_model_file

    return is_model_file(Path(str(context.params.get("source"))))


def _describe_command(context: typer.Context) -> str:
    """The command line with the defaults in force, and in a comment of the shell where they are from.

    ``densebench train resnet20 --epochs 5  # densebench.toml: --epochs``
    """
    options = {param.name: param for param in context.command.params}
    words: list[str] = []
    origins: dict[str, list[str]] = {}
    for name, default in _list_defaults_in_force(context).items():
        typed = type_option(options[name], default)
        words += typed
        if typed:
            origins.setdefault(default.source, []).append(typed[0])
    comment = "; ".join(f"{source}: {', '.join(names)}" for source, names in origins.items())
    return " ".join(filter(None, [context.obj, shlex.join(words), comment and f" # {comment}"]))


def type_option(param: Any, default: Default) -> list[str]:
    """The words of the command line that say the same."""
    if not param.is_flag:
        return [param.opts[-1], default]
    if default.lower() in ("1", "true", "yes", "on", "t", "y"):
        return [param.opts[-1]]
    return list(param.secondary_opts[-1:])


def parse_train_options(context: typer.Context) -> TrainOptions:
    """The options of this command that say what a run is, as given."""
    forced = _list_defaults_in_force(context)
    unused = (context.default_map or {}).keys() - forced.keys()
    given = {name: value for name, value in context.params.items() if name not in unused or _is_typed(context, name)}
    names = {field.name for field in dataclasses.fields(TrainOptions)} & given.keys()
    single, axes = _parse_axes({name: given[name] for name in names & {*AXES}}, context.info_name)
    plain = {name: given[name] for name in names - {"variants", "seeds", *AXES}}
    return TrainOptions(
        **plain,
        **single,
        axes=axes,
        variants=tuple(given.get("variants") or ()),
        seeds=None if context.info_name == "plan" else _parse_seeds(given.get("seed"), given.get("seeds")),
        command=_describe_command(context),
    )


def parse_launch_options(context: typer.Context) -> LaunchOptions:
    """The launcher and its options, as given; raises :class:`InputError` where they do not go together.

    Options that only a variable or file names are for launchers that take them.
    """
    names = {field.name for field in dataclasses.fields(LaunchOptions)}
    given = {name: value for name, value in context.params.items() if name in names and value is not None}
    launcher = given["launcher"]
    kept = {name: value for name, value in given.items() if _is_typed(context, name) or is_taken(name, launcher)}
    options = LaunchOptions(**{**kept, "slurm": tuple(kept.get("slurm", ()))})
    check_launch(options)
    return options


def _parse_axes(given: Mapping[str, Any], command: str | None) -> tuple[dict[str, Any], tuple[Axis, ...]]:
    """Of the settings that can be axes: those given once, and those of which several were given.

    The lists of ``plan`` and the batch sizes of ``speed`` are their own.
    """
    single: dict[str, Any] = {}
    axes: list[Axis] = []
    for name in AXES:
        value = given.get(name)
        if name in _OWN_LISTS.get(command or "", ()):
            continue
        values = _parse_values(name, value) if command in _SWEEPING and isinstance(value, str) else (value,)
        if len(values) > 1:
            axes.append((name, values))
        else:
            single[name] = values[0]
    return single, tuple(axes)


def _parse_values(name: str, text: str) -> tuple[str | int, ...]:
    """``jax,torch`` -> ("jax", "torch"), each once; batch sizes are numbers."""
    if name == "batch_size":
        return parse_batch_sizes(text)
    if name == "devices":
        return parse_devices(text)
    return tuple(dict.fromkeys(part.strip() for part in text.split(",")))


def _parse_seeds(seed: int | None, seeds: str | None) -> tuple[int, ...] | None:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed {seed} and --seeds {seeds} say two things: give one of them.")
    if seeds is not None:
        return parse_seeds(seeds)
    return None if seed is None else (seed,)


def parse_seconds(text: str, option: str) -> float:
    """``2h`` -> 7200.0; raises :class:`InputError` that names the option."""
    return _parse_above_zero("seconds", text, option)


def parse_fraction(text: str, option: str) -> float:
    """``2%`` -> 0.02; raises :class:`InputError` that names the option."""
    value = _parse_above_zero("percent", text, option)
    if value >= 1:
        raise InputError(f"{option} {text} is {value:.0%}, which is no part of a figure: give less, such as 2%.")
    return value


def _parse_above_zero(unit: Show, text: str, option: str) -> float:
    value = convert_to_unit(unit, parse_quantity(text, option), option)
    if value <= 0:
        raise InputError(f"{option} {text} must be above 0: give more.")
    return value


def check_plot(target: Path | None) -> None:
    """Raise :class:`InputError` where no picture can be drawn into the target of ``--plot``, before any work."""
    from densebench.reporting.figures.files import is_picture

    refuse_standard_output(target, "--plot")
    if target is not None:
        is_picture(target)


def refuse_standard_output(target: object, option: str) -> None:
    """Raise :class:`InputError` where ``-`` was given, which other programs take for standard output."""
    if str(target) == "-":
        raise InputError(f"{option} - is no file, and standard output holds the tables: give {option} the name of one.")
