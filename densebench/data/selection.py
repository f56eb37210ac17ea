"""Which images of a dataset are used: balanced over the classes and the same on every machine and for every seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from densebench.data.keyed_random import draw_permutation

if TYPE_CHECKING:
    import numpy as np

    from densebench.data.images import Indices, Labels


def take_first_of_each_class(labels: Labels, count: int) -> Indices:
    """Indices of ``count`` images, ascending: the first of each class, then the second of each, and so on.

    A smaller count is therefore part of a larger one, and if a class runs out, there are more of the others.
    """
    import numpy as np

    return np.sort(_deal_by_class(labels, np.arange(len(labels)))[:count])


def hold_out(labels: Labels, count: int, stream: int) -> tuple[Indices, Indices]:
    """(kept, held out), both ascending: ``count`` images are held out, drawn at random from each class in turn."""
    import numpy as np

    turns = _deal_by_class(labels, draw_permutation(stream, len(labels)))
    return np.sort(turns[count:]), np.sort(turns[:count])


def _deal_by_class(labels: Labels, order: Indices) -> Indices:
    """``order``, rearranged: the first image of each class in it, then the second of each, and so on."""
    import numpy as np

    by_class = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels)
    begins = np.cumsum(sizes) - sizes
    turn: np.ndarray = np.arange(len(labels)) - begins[labels[by_class]]
    return by_class[np.argsort(turn, kind="stable")]
