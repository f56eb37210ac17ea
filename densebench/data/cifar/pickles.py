"""Reading a pickle as data: plain containers, strings, numbers and arrays of bytes. Nothing it names is ever called.

The standard unpickler would run anything that a file asks for. Here the opcodes are first compared with a list of those
that only build data, and the three names with which NumPy writes an array lead to stand-ins.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import warnings
from typing import TYPE_CHECKING, Any

from densebench.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_OPERATIONS = 1_000_000  # CIFAR-100's training file should take about 200,000
_MOST_TUPLES = 100  # an array takes three; nested deeply they would exhaust the stack

_BUILD_DATA = (
    "PROTO FRAME STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT "
    "BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 UNICODE BINUNICODE SHORT_BINUNICODE "
    "BINUNICODE8 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS GET BINGET LONG_BINGET"
)
_BUILD_TUPLES = "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3"
_REMEMBER = "PUT BINPUT LONG_BINPUT MEMOIZE"
_BUILD_ARRAYS = "GLOBAL STACK_GLOBAL REDUCE BUILD"
_ALLOWED = frozenset(f"{_BUILD_DATA} {_BUILD_TUPLES} {_REMEMBER} {_BUILD_ARRAYS}".split())
_TUPLES, _REMEMBERED = frozenset(_BUILD_TUPLES.split()), frozenset(_REMEMBER.split())

_RECONSTRUCT, _NDARRAY, _DTYPE = "_reconstruct", "ndarray", "dtype"
_NAMES = frozenset(
    {
        ("numpy.core.multiarray", _RECONSTRUCT),
        ("numpy._core.multiarray", _RECONSTRUCT),
        ("numpy", _NDARRAY),
        ("numpy", _DTYPE),
    }
)


def load_plain(data: bytes) -> object:
    """What the pickle holds, byte strings of Python 2 as latin-1, arrays as :class:`ByteArray`.

    Raises :class:`DatasetError` for anything else than data, and for a damaged pickle.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escapes in strings
            _check_operations(data)
            return _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except Exception as error:  # an unpickler may raise anything
        raise DatasetError(f"not a plain pickle: {type(error).__name__}: {str(error)[:100]!r}") from None


def _check_operations(data: bytes) -> None:
    tuples = 0
    for number, (operation, argument, _) in enumerate(pickletools.genops(data)):
        name = operation.name
        if name not in _ALLOWED:
            raise ValueError(f"it contains the operation {name}")
        # A huge index would only make the unpickler's table huge.
        if name in _REMEMBERED and isinstance(argument, int) and argument > number:
            raise ValueError("it remembers more than it contains")
        tuples += name in _TUPLES
        if number > _MOST_OPERATIONS or tuples > _MOST_TUPLES:
            raise ValueError("it is too complex")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) not in _NAMES:
            raise ValueError(f"it names {module}.{name}")
        return _Name(name)


class _Name:
    """Stands for one of NumPy's three names; calling it makes a stand-in for what NumPy would make."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: object) -> object:
        if self._name == _RECONSTRUCT:
            return ByteArray()
        if self._name == _DTYPE:
            return _Dtype(arguments[0])
        raise ValueError("it makes an array in an unknown way")


class _Dtype:
    """Stands for ``numpy.dtype``; only ``u1``, one byte a value, is accepted."""

    __slots__ = ("code",)

    def __init__(self, code: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """NumPy's version and byte order, which mean nothing for single bytes."""


class ByteArray:
    """Stands for a NumPy array of bytes with two dimensions: what its pickle said of it, checked for agreement."""

    __slots__ = ("_data", "_fortran", "_rows")

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or dtype.code != "u1":
            raise ValueError("it holds an array of something else than bytes")
        raw = data.encode("latin1") if isinstance(data, str) else data
        if not isinstance(raw, bytes) or not isinstance(shape, tuple) or len(shape) != 2:
            raise ValueError("it holds an array that is no table of bytes")
        rows, columns = shape
        if not (isinstance(rows, int) and isinstance(columns, int) and 0 < rows <= len(raw)):
            raise ValueError("it holds an array without a proper shape")
        if len(raw) % rows or len(raw) // rows != columns:
            raise ValueError("it holds an array whose shape and data disagree")
        self._rows, self._fortran, self._data = rows, bool(fortran), raw

    def as_numpy(self) -> NDArray[np.uint8]:
        """The array itself, (rows, columns), read-only."""
        import numpy as np

        return np.frombuffer(self._data, np.uint8).reshape((self._rows, -1), order="F" if self._fortran else "C")
