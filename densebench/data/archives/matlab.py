"""SVHN's files in MATLAB's format 5: ``X`` (32, 32, 3, N) and ``y`` (N, 1), where 10 is the digit 0."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ZERO = 10


def read_matlab(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels (N, H, W, 3) and digits (N,); raises ``ValueError`` for anything else than such a file."""
    import numpy as np
    from scipy.io import loadmat

    try:
        entries: dict[str, Any] = loadmat(io.BytesIO(data), variable_names=["X", "y"])
    except Exception as error:  # SciPy has many ways to say that a file is damaged
        raise ValueError(f"{type(error).__name__}: {str(error)[:100]!r}") from None
    pixels, labels = entries.get("X"), entries.get("y")
    for name, array, dimensions in (("X", pixels, 4), ("y", labels, 2)):
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim != dimensions:
            raise ValueError(f"it has no array {name!r} of bytes in {dimensions} dimensions")
    assert pixels is not None
    assert labels is not None
    if labels.shape[1] != 1:
        raise ValueError("it has more than one label for an image")
    digits = labels[:, 0]
    return np.ascontiguousarray(pixels.transpose(3, 0, 1, 2)), np.where(digits == _ZERO, 0, digits).astype(np.uint8)
