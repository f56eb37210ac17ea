"""IDX, the format of MNIST's files: a magic number, the sizes, then the bytes. http://yann.lecun.com/exdb/mnist."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BYTES = 0x08  # the code of unsigned bytes, the third byte of the magic number


def read_idx(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes, read-only; raises ``ValueError`` for another format, type or length than promised."""
    import numpy as np

    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes((0, 0, _BYTES, dimensions)):
        raise ValueError(f"it does not begin as an IDX file of bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", data[4:header])
    if len(data) - header != math.prod(shape):
        raise ValueError(f"it has {len(data) - header:,} bytes where {math.prod(shape):,} belong")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)
