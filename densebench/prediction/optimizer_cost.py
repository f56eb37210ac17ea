"""What a training by Muon costs, where one of the same network by SGD was measured alone."""

import dataclasses

from densebench.comparison.statistics import Interval
from densebench.models.cost import Cost, LayerCost
from densebench.prediction.values import Prediction
from densebench.recipes import MUON_ITERATIONS

_CONVOLUTIONS = ("conv", "Conv2D")  # whose kernels it makes orthogonal
_PASSES = 3  # a step's multiply-adds by those of its forward pass
_MOST = 0.25  # more of a step's multiply-adds are too many to predict from a measurement without them
_OVERHEAD, _INEFFICIENCY = 0.1, 5.0  # small products take longer than their share: resnet20 has 2 % and took 8 %


def predict_muon(by_sgd: Prediction, cost: Cost, batch_size: int) -> Prediction | None:
    """``None`` where too much of a step would be Muon's own."""
    if cost.forward_macs is None:
        return None
    share = count_orthogonalising_macs(cost) / (_PASSES * cost.forward_macs * batch_size)
    if share > _MOST:
        return None
    more, most = 1 + share, 1 + _OVERHEAD + _INEFFICIENCY * share
    interval = by_sgd.total_interval
    return dataclasses.replace(
        by_sgd,
        total_seconds=by_sgd.total_seconds * more,
        total_interval=Interval(low=interval.low, high=interval.high * most),
        energy_joules=None if by_sgd.energy_joules is None else by_sgd.energy_joules * more,
        price=None if by_sgd.price is None else by_sgd.price * more,
        measured=False,
        source=None,
    )


def count_orthogonalising_macs(cost: Cost) -> int:
    """Multiply-adds of one step for all kernels, of any batch size."""
    return sum(_count_products(layer) for layer in cost.layers if layer.kind in _CONVOLUTIONS)


def _count_products(layer: LayerCost) -> int:
    """Each iteration makes three products: the matrix by its transpose, that by itself, and that by the matrix."""
    filters = layer.output_shape[-1]
    small, large = sorted((filters, layer.params // filters))
    return MUON_ITERATIONS * (2 * small * small * large + small**3)
