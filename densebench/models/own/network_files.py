"""Networks that users wrote into files of their own: ``mynets.py:tiny``. Loading one runs the file."""

import ast
import hashlib
import inspect
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from densebench.errors import InputError, unknown
from densebench.models.layers import Layers, Value
from densebench.models.own.signatures import is_on_vocabulary, read_signature
from densebench.models.own.user_code import explained, run_file
from densebench.models.variant import AnyVariant, ModelVariant, Variant

_SUFFIX = ".py"
_LARGEST = 16 << 20  # bytes


def is_file_address(name: str) -> bool:
    """Whether a name means a network in a file: ``mynets.py:tiny``, or the file alone."""
    return name.endswith(_SUFFIX) or f"{_SUFFIX}:" in name


def load_file(address: str, *, sha256: str | None = None) -> AnyVariant:
    """The network of ``PATH.py:FUNCTION``; raises :class:`InputError` if it is none.

    The file is run for a network on the vocabulary; one that makes a ``keras.Model`` is run when it is built. With
    ``sha256`` it is refused if the file has changed.
    """
    place, _, function = address.rpartition(":") if not address.endswith(_SUFFIX) else (address, "", "")
    path = Path(place).expanduser().absolute()
    source = _read(path)
    found = hash_source(source)
    if sha256 is not None and found != sha256:
        raise describe_change(path, sha256, found)
    functions = _list_functions(path, source)
    if function not in functions:
        raise _explain_unknown(path, function, functions)
    return make_variant(
        name=f"{path.name}:{function}",
        signature=functions[function],
        get=partial(_get, path, source, function),
        source=str(path),
        file=str(path),
        sha256=found,
    )


def hash_source(source: bytes) -> str:
    """What stands for the code of a network."""
    return hashlib.sha256(source).hexdigest()


def hash_file(file: str) -> str:
    """The same of a file as it is now; raises :class:`InputError` if it cannot be read."""
    return hash_source(_read(Path(file)))


def describe_change(path: Path | str, before: str, now: str) -> InputError:
    """The error for a file that is no longer what a run was started with."""
    return InputError(
        f"{path} has changed since the run was started (SHA-256 {before[:8]}, now {now[:8]}): "
        "restore the file, or start a new run."
    )


def make_variant(
    *,
    name: str,
    signature: inspect.Signature | None,
    get: Callable[[], Any],
    source: str,
    file: str | None,
    sha256: str | None,
) -> AnyVariant:
    """The network of a function that ``get`` gives; where its parameters are not known, it is asked for right away."""
    if signature is None:
        signature = _inspect(get(), name)
    if is_on_vocabulary(signature, name):
        function = get()
        return Variant(
            name=name, family="own", source=source, file=file, sha256=sha256, build=partial(_build, function)
        )

    def make(classes: int, image_size: int) -> Any:
        with explained(file, name):
            return get()(classes=classes, image_size=image_size)

    return ModelVariant(name=name, family="keras", source=source, file=file, sha256=sha256, make=make)


def _build(function: Callable[..., Value], nn: Layers[Value], image: Value, classes: int, /) -> Value:
    return function(nn, image, classes=classes)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is too large for a network's file: name the file of a function.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"The network's file {path} cannot be read ({error.strerror}): check the path.") from None


def _list_functions(path: Path, source: bytes) -> dict[str, inspect.Signature | None]:
    """The names that a file defines, without running it, with the parameters where a plain ``def`` shows them."""
    with explained(str(path), path.name):
        tree = ast.parse(source, str(path))
    found: dict[str, inspect.Signature | None] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name):
                found[name] = None if node.decorator_list else read_signature(node)
            case ast.Assign(targets=targets):
                names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                found |= dict.fromkeys(names)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = None
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found |= dict.fromkeys((alias.asname or alias.name).split(".")[0] for alias in aliases)
    return found


def _explain_unknown(path: Path, function: str, functions: dict[str, inspect.Signature | None]) -> InputError:
    choices = [name for name, signature in functions.items() if signature is not None and not name.startswith("_")]
    if not choices:
        return InputError(f"{path.name} defines no function: write a network into it, as 'densebench init' does.")
    if not function:
        return InputError(f"{path.name} may hold several networks: name one, as in {path.name}:{choices[0]}.")
    return unknown(f"function of {path.name}", function, choices)


@cache
def _get(path: Path, source: bytes, function: str) -> Any:
    """The function, after the file was run."""
    found = getattr(_run(path, source), function, None)
    if not callable(found):
        raise InputError(f"{function} in {path.name} is not a function: name one.")
    return found


@cache
def _run(path: Path, source: bytes) -> Any:
    return run_file(path, source, f"densebench_network_{hash_source(source)[:16]}")


def _inspect(function: Any, name: str) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        raise InputError(f"{name} is not a function whose parameters can be read: name one.") from None
