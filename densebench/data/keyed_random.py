"""Random numbers as a pure function of what they are for: SplitMix64 addressed by a key and a counter.

NumPy promises no stream of its generators from one version to the next; this one is fixed by its definition (Steele,
Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), and it is vectorised over counters, so
that number ``i`` never depends on which numbers were drawn before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_ALL_ONES = 2**64 - 1


def derive_key(*parts: int) -> int:
    """One 64-bit key from several numbers, for instance a purpose, a seed and an epoch."""
    state = 0
    for part in parts:
        state = _mix((state + part + GOLDEN) & _ALL_ONES)
    return state


def draw_bits(stream: int, counters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 random bits for each counter; the same key and counter always give the same bits."""
    import numpy as np

    z = counters * np.uint64(GOLDEN)
    z += np.uint64(stream)
    z ^= z >> np.uint64(30)
    z *= np.uint64(_FIRST)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_SECOND)
    z ^= z >> np.uint64(31)
    return z


def scale_bits(limit: int, random_bits: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Integers in ``0 <= n < limit``, uniform to one part in 2**32 / limit."""
    import numpy as np

    return ((random_bits >> np.uint64(32)) * np.uint64(limit) >> np.uint64(32)).astype(np.intp)


def draw_permutation(stream: int, count: int) -> NDArray[np.intp]:
    """The numbers 0 ... count - 1 in random order."""
    import numpy as np

    return np.argsort(draw_bits(stream, np.arange(count, dtype=np.uint64)), kind="stable")


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * _FIRST & _ALL_ONES
    z = (z ^ (z >> 27)) * _SECOND & _ALL_ONES
    return z ^ (z >> 31)
