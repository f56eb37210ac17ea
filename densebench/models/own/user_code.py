"""Runs the code of users and packages, and says of its errors in one sentence in which line they are."""

import contextlib
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from densebench.errors import DensebenchError, InputError, first_line


class Misuse(Exception):
    """A word of the vocabulary was used otherwise than it can be: the message says all of it."""


@contextmanager
def explained(file: str | None, what: str) -> Iterator[None]:
    """Turn any error of the code in ``file`` into an :class:`InputError` with the line; what it prints is no result.

    ``what`` is how the code is called where it has no file.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (DensebenchError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{_find_place(error, file) or what}: {_describe(error, file)}") from error


def run_file(path: Path, source: bytes, name: str) -> types.ModuleType:
    """The module that the source of a file makes; raises :class:`InputError` with the line that fails."""
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look for it there
    with explained(str(path), path.name), _alone(path.parent):
        exec(compile(source, str(path), "exec"), module.__dict__)
    return module


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Without the folder among the places that modules come from: the hash of one file stands for the network."""
    before = sys.path[:]
    sys.path[:] = [place for place in before if os.path.abspath(place) != str(folder)]
    try:
        yield
    finally:
        sys.path[:] = before


def _find_place(error: BaseException, file: str | None) -> str | None:
    """``mynets.py, line 12``: the innermost line of the file that led to the error."""
    if file is None:
        return None
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{Path(file).name}, line {error.lineno}"
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return Path(file).name if line is None else f"{Path(file).name}, line {line}"


def _describe(error: BaseException, file: str | None) -> str:
    if isinstance(error, Misuse):
        return f"{error}."
    if isinstance(error, SyntaxError):
        return f"{error.msg}: correct the line."
    reason = first_line(error) or "no message"
    missing = getattr(error, "name", None)
    if isinstance(error, ModuleNotFoundError) and file and missing and (Path(file).parent / f"{missing}.py").exists():
        return (
            f"{missing}.py beside it cannot be imported, because the hash of one file stands for the network: "
            "write all of it into one file."
        )
    return f"{type(error).__name__}: {reason.rstrip('.')}."
