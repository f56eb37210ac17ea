"""Datasets that installed packages offer: a module, or any object, with ``describe`` and ``load_source``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from densebench.config import DataConfig
from densebench.data.images import DatasetFacts, OnProgress, Source
from densebench.errors import DensebenchError, first_line
from densebench.plugins.offers import Offer, find_offer


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A dataset of a package; what its code raises is said in a sentence that names the package."""

    offer: Offer
    code: Any

    def describe(self, config: DataConfig) -> DatasetFacts:
        """As ``describe(config)`` of the package says it."""
        found = self._call(lambda: self.code.describe(config))
        if not isinstance(found, DatasetFacts):
            raise self.offer.refuse("does not describe itself as densebench.data.images.DatasetFacts")
        return replace(found, name=self.offer.name)

    def load_source(self, config: DataConfig, on_progress: OnProgress) -> Source:
        """What ``load_source(config, on_progress)`` of the package gives."""
        found = self._call(lambda: self.code.load_source(config, on_progress))
        if not isinstance(found, Source):
            raise self.offer.refuse("does not load as a densebench.data.images.Source")
        return replace(found, name=self.offer.name)

    def _call(self, code: Callable[[], Any]) -> Any:
        try:
            return code()
        except DensebenchError:
            raise
        except Exception as error:  # of code that others have written
            reason = first_line(error) or "no message"
            raise self.offer.refuse(f"cannot be used ({type(error).__name__}: {reason})") from error


def find_offered(name: str) -> Offered | None:
    """The dataset of that name, if a package offers one; raises :class:`InputError` if it cannot be loaded."""
    offer = find_offer("datasets", name)
    if offer is None:
        return None
    code = offer.load()
    if not all(callable(getattr(code, function, None)) for function in ("describe", "load_source")):
        raise offer.refuse("has no functions describe and load_source")
    return Offered(offer=offer, code=code)
