"""What our own ``model.keras`` says of the run that it comes from, in the archive's metadata, which Keras ignores."""

import dataclasses
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench.config import RunConfig
from densebench.data.identity import DataIdentity, parse_identity
from densebench.errors import InputError
from densebench.models.own.applications import PREFIX as KERAS_PREFIX

MODEL_SUFFIX = ".keras"
_LEGACY_SUFFIXES = (".h5", ".hdf5")
_METADATA, _KEY = "metadata.json", "densebench"
_MAX_BYTES = 16 << 20


@dataclass(frozen=True, kw_only=True)
class ModelOrigin:
    """All that is needed to evaluate the network exactly as its run is evaluated, but for the images."""

    variant: str
    batch_size: int
    backend: str
    precision: str
    implementation: str
    deterministic: bool
    jit: bool | None
    threads: int | None
    data: DataIdentity
    variant_sha256: str | None = None  # of the code of a network that is not densebench's own

    @property
    def is_foreign(self) -> bool:
        """Whether the network is not densebench's own, so that only the file itself can give it."""
        return self.variant_sha256 is not None or self.variant.startswith(KERAS_PREFIX)


def is_model_file(path: Path) -> bool:
    """Whether the name is that of a model that Keras saved, in whichever format."""
    return path.suffix in (MODEL_SUFFIX, *_LEGACY_SUFFIXES)


def refuse_legacy_format(path: Path) -> None:
    """Raise :class:`InputError` for a model in the format that Keras used before ``.keras``."""
    if path.suffix in _LEGACY_SUFFIXES:
        raise InputError(f"{path} is in the legacy HDF5 format, which can run code: save the model as .keras first.")


def describe_origin(config: RunConfig, data: DataIdentity) -> ModelOrigin:
    """The origin of a model that a run has trained."""
    return ModelOrigin(
        variant=config.variant,
        batch_size=config.recipe.batch_size,
        backend=config.backend,
        precision=config.precision,
        implementation=config.implementation,
        deterministic=config.deterministic,
        jit=config.jit,
        threads=config.threads,
        data=data,
        variant_sha256=config.variant_sha256,
    )


def add_origin(path: Path, origin: ModelOrigin) -> None:
    """Write the origin into a ``.keras`` file, in place; raises ``OSError``."""
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members:
            archive.writestr(info, _extend(content, origin) if info.filename == _METADATA else content)


def read_origin(path: Path) -> ModelOrigin | None:
    """The origin of a model that densebench saved; ``None`` for any other file.

    Raises :class:`InputError` for one that densebench did not write so.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_METADATA).file_size > _MAX_BYTES:
                return None
            metadata = json.loads(archive.read(_METADATA))
    except (OSError, KeyError, ValueError, RecursionError, NotImplementedError, zipfile.BadZipFile):
        return None  # whoever loads it says what is wrong
    if not isinstance(metadata, dict) or _KEY not in metadata:
        return None
    try:
        return _parse(metadata[_KEY])
    except (TypeError, ValueError, KeyError, AttributeError):
        raise InputError(f"{path} describes its run otherwise than densebench does: save the model again.") from None


def _extend(metadata: bytes, origin: ModelOrigin) -> bytes:
    return json.dumps({**json.loads(metadata), _KEY: dataclasses.asdict(origin)}).encode()


def _parse(values: Any) -> ModelOrigin:
    origin = ModelOrigin(**{**values, "data": parse_identity(values["data"])})
    texts = (origin.variant, origin.variant_sha256 or "", origin.backend, origin.precision, origin.implementation)
    numbers = (origin.batch_size, 1 if origin.threads is None else origin.threads)
    flags = (origin.deterministic, bool(origin.jit) if origin.jit is None else origin.jit)
    for kind, found in ((str, texts), (int, numbers), (bool, flags)):
        if any(type(value) is not kind for value in found):
            raise TypeError(f"one of {found} is not of type {kind.__name__}")
    return origin
