"""Datasets that installed packages offer: a module, or any object, with ``describe`` and ``load_source``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from densebench.config import DataConfig
from densebench.data.images import DatasetFacts, Decoded, OnProgress, Source, Split
from densebench.errors import DensebenchError, first_line
from densebench.plugins.offers import Offer, find_offer

if TYPE_CHECKING:
    from densebench.data.images import Indices, Pixels


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
        validation = found.validation and self._guard(found.validation)
        return replace(
            found,
            name=self.offer.name,
            train=self._guard(found.train),
            test=self._guard(found.test),
            validation=validation,
        )

    def _guard(self, split: Split) -> Split:
        """The split, whose pixels are checked when they are read."""

        def read(chosen: "Indices") -> "Pixels | Decoded":
            found: Pixels | Decoded = self._call(lambda: split.read(chosen))
            pixels, count = (found.pixels, len(found.kept)) if isinstance(found, Decoded) else (found, len(chosen))
            dtype, shape = str(getattr(pixels, "dtype", "objects")), tuple(getattr(pixels, "shape", ()))
            if dtype != "uint8" or len(shape) != 4 or (shape[0], shape[3]) != (count, 3):
                raise self.offer.refuse(f"has images as {dtype} {shape}, which must be uint8 ({count}, side, side, 3)")
            return found

        return replace(split, read=read)

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
