"""From what was typed to values: the options of a run, lists of words, times and fractions."""

import dataclasses

import typer

from densebench.errors import InputError
from densebench.planning.options import TrainOptions, parse_seeds
from densebench.quantities import convert_to_unit, parse_quantity


def parse_train_options(context: typer.Context) -> TrainOptions:
    """The options of this command that say what a run is, as given."""
    given = context.params
    names = {field.name for field in dataclasses.fields(TrainOptions)} & given.keys()
    plain = {name: given[name] for name in names - {"variants", "seeds", "batch_size"}}
    size = given.get("batch_size")
    return TrainOptions(
        **plain,
        variants=tuple(given.get("variants") or ()),
        seeds=_parse_seeds(given.get("seed"), given.get("seeds")),
        batch_size=size if isinstance(size, int) else None,  # that of `speed` is a list
        command=context.obj,
    )


def _parse_seeds(seed: int | None, seeds: str | None) -> tuple[int, ...] | None:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed {seed} and --seeds {seeds} say two things: give one of them.")
    if seeds is not None:
        return parse_seeds(seeds)
    return None if seed is None else (seed,)


def parse_seconds(text: str, option: str) -> float:
    """``2h`` -> 7200.0; raises :class:`InputError` that names the option."""
    return convert_to_unit("seconds", parse_quantity(text, option), option)


def parse_fraction(text: str, option: str) -> float:
    """``2%`` -> 0.02; raises :class:`InputError` that names the option."""
    return convert_to_unit("percent", parse_quantity(text, option), option)
