"""What a name that a user has typed means: a network of the table, of a file, of Keras, or of a package.

A network of a file is that file's code, which is run for it. So names are looked up here only where a user has typed
them; those in results files never are.
"""

import inspect
from functools import cache, partial

from densebench.config import RunConfig
from densebench.errors import InputError, unknown
from densebench.models import variants
from densebench.models.own.applications import PREFIX, find_application
from densebench.models.own.network_files import (
    describe_change,
    hash_file,
    hash_source,
    is_file_address,
    load_file,
    make_variant,
)
from densebench.models.variant import AnyVariant
from densebench.plugins.offers import Kind, Offer, describe_clashes, find_offer, list_offers

_PLUGINS: Kind = "variants"


def load(name: str) -> AnyVariant:
    """The network that a user has named; raises :class:`InputError` for a name that means none, or for wrong code."""
    if is_file_address(name):
        return load_file(name)
    if name.lower().startswith(PREFIX):
        return find_application(name)
    try:
        return variants.find(name)
    except InputError:
        offer = find_offer(_PLUGINS, name)
        if offer is not None:
            return _load_offer(offer)
        if list_offers(_PLUGINS):
            raise unknown("variant", name, (*variants.VARIANTS, *list_offers(_PLUGINS))) from None
        raise


def load_configured(config: RunConfig) -> AnyVariant:
    """The network of a run; raises :class:`InputError` if its code is no longer what the run was started with."""
    if config.variant_file is None and is_file_address(config.variant):  # of a model's file that names code
        raise InputError(
            f"The network {config.variant} is code in a file that is not known: train it again to name it."
        )
    if config.variant_file is None:
        found = load(config.variant)
    else:
        function = config.variant.rpartition(":")[2]
        found = load_file(f"{config.variant_file}:{function}", sha256=config.variant_sha256)
    if found.sha256 != config.variant_sha256:
        raise InputError(
            f"The network {config.variant} of {found.source} is no longer what the run was started with: "
            "install the package as it was, or start a new run."
        )
    return found


def require_unchanged(config: RunConfig) -> None:
    """Raise :class:`InputError` if the file of a run's network has changed; it is not run for it."""
    if config.variant_file is not None and config.variant_sha256 is not None:
        found = hash_file(config.variant_file)
        if found != config.variant_sha256:
            raise describe_change(config.variant_file, config.variant_sha256, found)


def list_offered() -> tuple[list[AnyVariant], list[str]]:
    """The networks of packages, and a sentence for each that cannot be used."""
    found, notes = [], describe_clashes(_PLUGINS, variants.VARIANTS)
    for name, offer in list_offers(_PLUGINS).items():
        try:
            found += [] if name in variants.VARIANTS else [_load_offer(offer)]
        except InputError as error:
            notes.append(str(error))
    return found, notes


@cache
def _load_offer(offer: Offer) -> AnyVariant:
    """The network of a package; raises :class:`InputError` that names the package."""
    function = offer.load()
    if not callable(function):
        raise offer.refuse("is not a function")
    try:
        signature = inspect.signature(function)
        return make_variant(
            name=offer.name,
            signature=signature,
            get=partial(_give, function),
            source=offer.package,
            file=None,
            sha256=_hash(function, offer),
        )
    except (InputError, TypeError, ValueError) as error:
        raise offer.refuse(f"cannot be used ({str(error).rstrip('.')})") from None


def _give(function: object) -> object:
    return function


def _hash(function: object, offer: Offer) -> str:
    """Of the file of its code where there is one, else of the package's name and version."""
    try:
        file = inspect.getsourcefile(function)  # type: ignore[arg-type]
    except TypeError:
        file = None
    return hash_source(offer.package.encode()) if file is None else hash_file(file)
