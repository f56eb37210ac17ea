"""What installed packages offer beside densebench's own: networks, datasets and recipes, by entry points.

A package names them in its ``pyproject.toml``:

    [project.entry-points."densebench.variants"]
    mynet = "mypackage.networks:mynet"

Nothing of a package is loaded before one of its names is asked for.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from densebench.errors import InputError, first_line

if TYPE_CHECKING:
    from collections.abc import Collection
    from importlib.metadata import EntryPoint

Kind = Literal["variants", "datasets", "recipes"]
_SINGULAR: dict[Kind, str] = {"variants": "network", "datasets": "dataset", "recipes": "recipe"}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A name that a package offers."""

    name: str
    kind: Kind
    package: str  # with its version: "mypackage 1.2"
    entry_point: "EntryPoint"

    def load(self) -> object:
        """What stands behind the name; raises :class:`InputError`, which names the package, if it cannot be loaded."""
        try:
            return self.entry_point.load()
        except Exception as error:  # of code that others have written
            reason = first_line(error) or "no message"
            raise self.refuse(f"cannot be loaded ({type(error).__name__}: {reason})") from error

    def refuse(self, complaint: str) -> InputError:
        """The error for what the package offers otherwise than it should."""
        return InputError(
            f"The {_SINGULAR[self.kind]} {self.name!r} of the package {self.package} {complaint}: "
            "update the package, or remove it."
        )


@cache
def list_offers(kind: Kind) -> dict[str, Offer]:
    """All that installed packages offer, by name; of two packages with one name the first in the order of names."""
    from importlib.metadata import entry_points  # 20 ms for a hundred packages

    found = [_describe(kind, entry_point) for entry_point in entry_points(group=f"densebench.{kind}")]
    found.sort(key=lambda offer: offer.package, reverse=True)
    return {offer.name: offer for offer in found}


def find_offer(kind: Kind, name: str) -> Offer | None:
    """What a package offers under a name, if any does."""
    return list_offers(kind).get(name)


def describe_clashes(kind: Kind, built_in: "Collection[str]") -> list[str]:
    """A sentence for every name of a package that densebench has itself, and for which its own goes first."""
    return [
        f"The {_SINGULAR[kind]} {name!r} of the package {offer.package} is not used, for densebench has one of that "
        "name itself."
        for name, offer in list_offers(kind).items()
        if name in built_in
    ]


def describe_offers(kind: Kind, *, but: "Collection[str]") -> list[str]:
    """A sentence for every name that a package offers and that is used."""
    return [
        f"The {_SINGULAR[kind]} {name!r} is of the package {offer.package}."
        for name, offer in list_offers(kind).items()
        if name not in but
    ]


def _describe(kind: Kind, entry_point: "EntryPoint") -> Offer:
    package = entry_point.dist
    described = "unknown" if package is None else f"{package.name} {package.version}"
    return Offer(name=entry_point.name, kind=kind, package=described, entry_point=entry_point)
