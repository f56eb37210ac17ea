"""Recipes in TOML: a file of a user's, read and checked, and any recipe as a file to start from."""

import dataclasses
import tomllib
import typing
from pathlib import Path
from typing import Any

from densebench.errors import InputError, unknown
from densebench.plugins.offers import Offer, find_offer, list_offers
from densebench.recipes import RECIPES, Recipe, find_mistakes, list_settings, write_value

SUFFIX = ".toml"


def find_recipe(name: str) -> Recipe:
    """A recipe of densebench or of a package by its name, or that of a file by its path; raises :class:`InputError`."""
    if name.endswith(SUFFIX):
        return _read_recipe(Path(name))
    if name in RECIPES:
        return RECIPES[name]
    offer = find_offer("recipes", name)
    if offer is None:
        if Path(name).is_file():
            raise InputError(f"--recipe {name} is a file whose name does not end in {SUFFIX}: rename it.")
        raise unknown("recipe", name, (*RECIPES, *list_offers("recipes")))
    return _check_offered(offer)


def _check_offered(offer: Offer) -> Recipe:
    """The recipe of a package; raises :class:`InputError` that names the package for anything else."""
    recipe = offer.load()
    if not isinstance(recipe, Recipe):
        raise offer.refuse("is not a densebench.recipes.Recipe")
    for name, value, must in find_mistakes(recipe):
        raise offer.refuse(f"has {name} = {write_value(value)}, which {must}")
    return dataclasses.replace(recipe, name=offer.name)


def _read_recipe(path: Path) -> Recipe:
    """The recipe of a file, named after it; raises :class:`InputError` for one that is not whole or not right.

    What the file leaves out is as in ``blog``.
    """
    if path.stem in RECIPES:
        raise InputError(f"Recipe {path} has the name of a recipe of densebench: rename the file.")
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise InputError(f"Recipe {path} cannot be read ({error.strerror}): check --recipe.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"Recipe {path} is not TOML ({error}): 'densebench recipe blog' prints one.") from None
    settings = list_settings()
    for name in values:
        if name not in settings:
            raise InputError(f"Recipe {path}: {unknown('setting', name, settings)}")
    read = {name: _convert(path, name, settings[name][0], value) for name, value in values.items()}
    recipe = dataclasses.replace(RECIPES["blog"], name=path.stem, **read)
    for name, value, must in find_mistakes(recipe):
        raise InputError(f"Recipe {path} has {name} = {write_value(value)}, which {must}.")
    return recipe


def _convert(path: Path, name: str, kind: Any, value: Any) -> Any:
    """The value as the field has it: a whole number may stand for a fraction, nothing else for anything else."""
    wanted = str if typing.get_args(kind) else kind
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        words = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}
        raise InputError(f"Recipe {path} has {name} = {write_value(value)}, which must be {words[wanted]}.")
    return value


def write_recipe(recipe: Recipe) -> str:
    """The recipe as a file with what each setting means."""
    lines = [f"{name} = {write_value(getattr(recipe, name))}" for name in list_settings()]
    width = max(map(len, lines))
    meanings = [setting.means for _, setting in list_settings().values()]
    return "".join(f"{line:<{width}}  # {means}\n" for line, means in zip(lines, meanings, strict=True))
