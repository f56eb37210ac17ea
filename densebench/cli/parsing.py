"""What was typed, turned into values; and how runs that were made turn into an exit code."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from densebench.errors import InputError
from densebench.planning.options import TrainOptions, parse_seeds
from densebench.quantities import convert_to_unit, parse_quantity

if TYPE_CHECKING:
    from densebench.workflows import Made


def train_options(context: typer.Context) -> TrainOptions:
    """The options of this command that say what a run is, as given."""
    given = context.params
    names = {field.name for field in dataclasses.fields(TrainOptions)} & given.keys()
    plain = {name: given[name] for name in names - {"variants", "seeds", "batch_size"}}
    size = given.get("batch_size")
    return TrainOptions(
        **plain,
        variants=tuple(given.get("variants") or ()),
        seeds=_seeds(given.get("seed"), given.get("seeds")),
        batch_size=size if isinstance(size, int) else None,  # that of `speed` is a list
        command=context.obj,
    )


def _seeds(seed: int | None, seeds: str | None) -> tuple[int, ...] | None:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed {seed} and --seeds {seeds} say two things: give one of them.")
    if seeds is not None:
        return parse_seeds(seeds)
    return None if seed is None else (seed,)


def exit_code(made: Sequence["Made"]) -> int:
    """A signal's code goes before a failure's, and that before success."""
    return max((one.outcome.exit_code for one in made), default=0)


def seconds(text: str | None, where: str) -> float | None:
    """``2h`` -> 7200.0; ``where`` names the option in an error."""
    return None if text is None else convert_to_unit("seconds", parse_quantity(text, where), where)


def fraction(text: str, where: str) -> float:
    """``2%`` -> 0.02; ``where`` names the option in an error."""
    return convert_to_unit("percent", parse_quantity(text, where), where)
