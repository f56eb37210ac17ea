"""What kind of network a function is, by its parameters: one on the vocabulary, or one that makes a ``keras.Model``."""

import ast
import inspect
from typing import Any

from densebench.errors import InputError

_VOCABULARY = "nn"  # the name of the first parameter that says so
_FORMS = "a network (nn, image, *, classes), nor a function (*, classes, image_size) that returns a keras.Model"


def is_on_vocabulary(signature: inspect.Signature, what: str) -> bool:
    """Whether the function is written on the vocabulary; false for one that makes a ``keras.Model``.

    Raises :class:`InputError` for a function that can be called as neither; ``what`` is how it is called there.
    """
    first = next(iter(signature.parameters), None)
    try:
        if first == _VOCABULARY:
            signature.bind(None, None, classes=10)
            return True
        signature.bind(classes=10, image_size=32)
    except TypeError as error:
        raise InputError(f"{what}{signature} is neither {_FORMS} ({error}): change its parameters.") from None
    return False


def read_signature(function: ast.FunctionDef) -> inspect.Signature:
    """The parameters of a function that is not run for it; defaults and annotations are left out."""
    given = function.args
    ordered = [*given.posonlyargs, *given.args]
    defaults = [inspect.Parameter.empty] * (len(ordered) - len(given.defaults)) + [_ELSEWHERE] * len(given.defaults)
    kinds: list[Any] = [inspect.Parameter.POSITIONAL_ONLY] * len(given.posonlyargs)
    kinds += [inspect.Parameter.POSITIONAL_OR_KEYWORD] * len(given.args)
    parameters = [
        inspect.Parameter(argument.arg, kind, default=default)
        for argument, kind, default in zip(ordered, kinds, defaults, strict=True)
    ]
    if given.vararg:
        parameters.append(inspect.Parameter(given.vararg.arg, inspect.Parameter.VAR_POSITIONAL))
    for argument, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        default = inspect.Parameter.empty if value is None else _ELSEWHERE
        parameters.append(inspect.Parameter(argument.arg, inspect.Parameter.KEYWORD_ONLY, default=default))
    if given.kwarg:
        parameters.append(inspect.Parameter(given.kwarg.arg, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


class _Elsewhere:
    """Stands for a default that only running the file would show."""

    def __repr__(self) -> str:
        return "..."


_ELSEWHERE: Any = _Elsewhere()
