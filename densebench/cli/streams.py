"""Standard output and error that can always be written to: in any encoding, without a reader, or closed."""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from densebench.escape import ENCODING_ERRORS

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_GONE = (errno.EPIPE, errno.EBADF, errno.EIO)  # the reader has enough, the descriptor is closed, the terminal is away


class _Descriptor(io.FileIO):
    """A descriptor that takes everything: what cannot be written is dropped, so that the program goes on.

    ``failure`` says why something was dropped that a reader still waits for, such as a full disk.
    """

    failure: str | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in _GONE:
                self.failure = error.strerror
            _point_to_nothing(self.fileno())
            return memoryview(data).nbytes


def open_standard_streams() -> None:
    """Replace standard output and error by such streams, and give descriptors that are closed a file to write to."""
    for descriptor in (0, 1, 2):
        if not _is_open(descriptor):
            _point_to_nothing(descriptor)
    sys.stdout = _reopen(sys.stdout, 1)
    sys.stderr = _reopen(sys.stderr, 2)


def describe_lost_output() -> str | None:
    """Why standard output is not whole although somebody reads it, in one sentence."""
    sys.stdout.flush()
    descriptor = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if not isinstance(descriptor, _Descriptor) or descriptor.failure is None:
        return None
    return f"Standard output cannot be written ({descriptor.failure}): what was printed is not whole."


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _point_to_nothing(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != descriptor:
        os.dup2(nothing, descriptor)
        os.close(nothing)


def _reopen(stream: TextIO | None, descriptor: int) -> TextIO:
    """The stream of a descriptor with the encoding that Python gave it, flushed a line at a time on a terminal."""
    if stream is not None:
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(descriptor, "w", closefd=False)),
        encoding=getattr(stream, "encoding", None) or "utf-8",
        errors=ENCODING_ERRORS,
        line_buffering=descriptor == 2 or os.isatty(descriptor),
    )
