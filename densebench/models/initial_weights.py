"""Initial weights, drawn in NumPy from (seed, variable path): the same ones on every backend and implementation."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The standard deviation of a standard normal cut off at two deviations: Keras widens its draws by it.
_TRUNCATED_DEVIATION = 0.87962566103423978


def make_initializer(path: str, seed: int) -> Callable[..., Any]:
    """What Keras takes for the initializer of the variable ``path``: a function of its shape and dtype."""

    def initialize(shape: Sequence[int], dtype: str) -> Any:
        from keras import ops

        # With its dtype, or JAX would compile a copy for every shape: a second for 100x12.
        return ops.convert_to_tensor(draw_initial_value(path, shape, seed), dtype)

    return initialize


def draw_initial_value(path: str, shape: Sequence[int], seed: int) -> "NDArray[np.float32]":
    """Value of the variable ``path`` (``conv1/kernel``, ``bn1/gamma``, ...) before the first step.

    Kernels are He-normal, as Keras defines it; scales and moving variances are ones, all others zeros. The draw depends
    on the path and not on the order in which variables are made.
    """
    import numpy as np

    name = path.rsplit("/", 1)[-1]
    if name == "kernel":
        return _draw_he_normal(np.random.default_rng([seed, *path.encode()]), tuple(shape))
    return np.full(shape, 1 if name in ("gamma", "moving_variance") else 0, dtype=np.float32)


def _draw_he_normal(random: "np.random.Generator", shape: tuple[int, ...]) -> "NDArray[np.float32]":
    """Normal with variance 2 / fan-in, cut off at two deviations of what is drawn. He et al., arXiv:1502.01852."""
    import numpy as np

    deviation = math.sqrt(2 / math.prod(shape[:-1])) / _TRUNCATED_DEVIATION
    values = random.standard_normal(math.prod(shape), dtype=np.float32)
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = random.standard_normal(outside.size, dtype=np.float32)
        outside = outside[np.abs(values[outside]) > 2]
    return (values * np.float32(deviation)).reshape(shape)
