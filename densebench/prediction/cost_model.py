"""A figure of networks that were not measured, from those that were: a sum of parts with positive coefficients.

A step's time is so much a multiply-add, so much an element of an activation, so much a layer; memory is so much an
element, so much a parameter, and what any process takes. The coefficients are this machine's own, by least squares on
relative errors. Where too few networks were measured to tell the parts from one another, they keep the proportions of
``TARGETS``, which were seen on one machine; each measured network bends them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from densebench.models.cost import Cost

if TYPE_CHECKING:
    import numpy as np

_STIFFNESS = 0.02  # what a coefficient's deviation from the usual proportions weighs against a measurement's error
_PRIOR_WEIGHT = 4.0  # in measurements: how firmly the usual error of a target is believed

Part = Literal["one", "macs", "activations", "layers", "layers_an_image", "batch_activations", "params"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure that is predicted: its parts in the usual proportions, and relative standard errors.

    ``error`` is the usual one of a figure that was not measured; ``drift`` that of one that was, because the training
    comes later, on a machine whose speed drifts.
    """

    proportions: Mapping[Part, float]
    error: float
    drift: float


# Seen on two cores: results/prediction, docs/performance.md
TARGETS: dict[str, Target] = {
    "image_seconds": Target(
        proportions={"macs": 1.25e-11, "activations": 7.5e-10, "layers_an_image": 1.5e-4}, error=0.17, drift=0.05
    ),
    "eval_image_seconds": Target(
        proportions={"macs": 4e-12, "activations": 2e-10, "layers_an_image": 5e-5}, error=0.15, drift=0.1
    ),
    "epoch_seconds": Target(proportions={"one": 0.1, "layers": 2e-3}, error=0.5, drift=0.3),
    "start_seconds": Target(proportions={"one": 4.0, "layers": 0.02}, error=0.35, drift=0.25),
    "peak_bytes": Target(proportions={"one": 7.5e8, "batch_activations": 3.5, "params": 8.0}, error=0.08, drift=0.02),
    "image_joules": Target(
        proportions={"macs": 1e-9, "activations": 5e-8, "layers_an_image": 1e-2}, error=0.15, drift=0.05
    ),
}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure, its relative standard error, and the degrees of freedom of that."""

    value: float
    error: float
    freedom: float


def list_parts(cost: Cost, batch_size: int) -> dict[Part, float]:
    """What a figure may be made of, for one network at one batch size; multiply-adds that are unknown are 0."""
    layers = float(len(cost.layers))
    return {
        "one": 1.0,
        "macs": float(cost.forward_macs or 0),
        "activations": float(cost.activations),
        "layers": layers,
        "layers_an_image": layers / batch_size,
        "batch_activations": float(cost.activations * batch_size),
        "params": float(cost.params),
    }


class CostModel:
    """One target, fitted to the figures of the networks that were measured."""

    def __init__(self, target: Target, parts: Sequence[Mapping[Part, float]], figures: Sequence[float]) -> None:
        """``figures`` are positive, one for each of ``parts``; there is at least one."""
        self._target = target
        self._shares = self._weigh(parts) / _column(figures)  # of each part in a figure, were the proportions right
        self._scales = _fit(self._shares)
        self._error, self._freedom = self._find_error()

    def predict(self, parts: Mapping[Part, float]) -> Estimate:
        """The figure of another network; the error grows with how little it resembles those that were measured."""
        weighed = self._weigh([parts])[0] * self._scales
        value = float(weighed.sum())
        leverage = self._find_leverage(weighed / value)
        return Estimate(value=value, error=self._error * math.sqrt(1 + leverage), freedom=self._freedom)

    def _weigh(self, parts: Sequence[Mapping[Part, float]]) -> "np.ndarray":
        import numpy as np

        return np.array([[factor * one[part] for part, factor in self._target.proportions.items()] for one in parts])

    def _find_error(self) -> tuple[float, float]:
        """The usual error, corrected by how well each measured figure is predicted from the others."""
        count = len(self._shares)
        found = [self._leave_out(index) for index in range(count)] if count > 1 else []
        squares = _PRIOR_WEIGHT * self._target.error**2 + math.fsum(error**2 for error in found)
        freedom = _PRIOR_WEIGHT + len(found)
        return math.sqrt(squares / freedom), freedom

    def _leave_out(self, index: int) -> float:
        """Logarithm of the ratio of the figure that the others predict to the true one."""
        import numpy as np

        others = np.delete(self._shares, index, axis=0)
        return math.log(float(self._shares[index] @ _fit(others)))

    def _find_leverage(self, shares: "np.ndarray") -> float:
        import numpy as np

        seen = self._shares * self._scales
        size = len(shares)
        tied = _STIFFNESS * (np.eye(size) - 1 / size) + 1e-9 * np.eye(size)
        return float(shares @ np.linalg.solve(seen.T @ seen + tied, shares))


def _column(figures: Sequence[float]) -> "np.ndarray":
    import numpy as np

    return np.array(figures, dtype=float)[:, None]


def _fit(shares: "np.ndarray") -> "np.ndarray":
    """Positive factors of the parts: their sum is near 1 in every row, and they are near one another."""
    import numpy as np
    from scipy.optimize import nnls

    size = shares.shape[1]
    tied = math.sqrt(_STIFFNESS) * (np.eye(size) - 1 / size)
    level = shares.sum(axis=1).mean()  # so that stiffness means the same on a machine of any speed
    wanted = np.concatenate([np.ones(len(shares)), np.zeros(size)])
    found, _ = nnls(np.concatenate([shares / level, tied]), wanted)
    factors: np.ndarray = found / level
    return factors
