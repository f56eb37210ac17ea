"""Which network to measure next, so that in a given time most becomes known of all that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from densebench.prediction.cost_model import TARGETS, Part
from densebench.prediction.predict import Predictor

if TYPE_CHECKING:
    import numpy as np

_UNSEEN_SECONDS = 25.0  # of a trial in a setting in which nothing was measured yet
_AROUND_SECONDS = 2.0  # of a trial: the interpreter, and the end of the process
_USUAL_STEPS = 6.0  # seconds
_FEWEST_STEPS = 7  # of a trial, all epochs together
EPOCHS = 2  # of a trial: one of steps, and one that shows what an epoch costs besides
EVAL_BATCHES = 4  # of an evaluation
_DOUBT = 1e-2  # the information that there is without any measurement


@dataclass(frozen=True, kw_only=True)
class Open:
    """A network that is not measured yet in a setting: what it counts, and how long its trial may take."""

    index: int
    parts: dict[Part, float]
    seconds: float


def estimate_trial(predictor: Predictor | None, parts: dict[Part, float], batch_size: int) -> float:
    """Seconds that the trial of a network will take, with everything around it."""
    if predictor is None or not predictor.parts:
        return _UNSEEN_SECONDS
    image, evaluation = (predictor.guess(name, parts) for name in ("image_seconds", "eval_image_seconds"))
    start, besides = (predictor.guess(name, parts) for name in ("start_seconds", "epoch_seconds"))
    steps = max(_FEWEST_STEPS * batch_size * image, _USUAL_STEPS)
    evaluated = EPOCHS * EVAL_BATCHES * batch_size * evaluation
    return _AROUND_SECONDS + start + steps + evaluated + EPOCHS * besides


def choose_next(open_ones: Sequence[Open], seen: Sequence[dict[Part, float]], seconds_left: float) -> int | None:
    """The index of the network whose trial tells most a second; ``None`` if none can be done in the time left.

    A trial tells the cost of its own network, and makes that of every other one less uncertain, the more so the more it
    is made of the same parts. Before anything was measured, the smallest network goes first.
    """
    affordable = [one for one in open_ones if one.seconds <= seconds_left]
    if not affordable:
        return None
    if not seen:
        return min(affordable, key=lambda one: one.parts["macs"]).index
    return max(affordable, key=lambda one: _find_gain(one, open_ones, seen) / one.seconds).index


def _find_gain(one: Open, open_ones: Sequence[Open], seen: Sequence[dict[Part, float]]) -> float:
    """How much less the variances of all networks would be, in units of a measurement's."""
    import numpy as np

    measured = np.array([_share(parts) for parts in seen])
    information = measured.T @ measured + _DOUBT * np.eye(measured.shape[1])
    new = _share(one.parts)
    after = np.linalg.inv(information + np.outer(new, new))
    before = np.linalg.inv(information)
    others = [_share(other.parts) for other in open_ones if other.index != one.index]
    less = sum(float(share @ (before - after) @ share) for share in others)
    return less + 1.0 + float(new @ before @ new)


def _share(parts: dict[Part, float]) -> "np.ndarray":
    """The shares of a step's time, in the usual proportions: they add up to 1."""
    import numpy as np

    shares = np.array([factor * parts[part] for part, factor in TARGETS["image_seconds"].proportions.items()])
    found: np.ndarray = shares / shares.sum()
    return found
