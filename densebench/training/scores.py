"""Scores of logits, in NumPy and float64: the same figures on every backend."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOP = 5
_SMALLEST = 1e-7  # keras.config.epsilon()
_FROM_ONE = 0.01  # at most, of a sum of probabilities in 16 bits


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Figures of a whole split."""

    images: int
    loss: float  # mean cross-entropy
    accuracy: float  # top-1
    top5_accuracy: float | None  # None for fewer than five classes
    confusion: NDArray[np.int64]  # (true class, predicted class)

    @property
    def class_accuracies(self) -> list[float | None]:
        """Accuracy of each class; ``None`` for a class without images."""
        totals = self.confusion.sum(axis=1)
        return [
            float(right / total) if total else None
            for right, total in zip(np.diagonal(self.confusion), totals, strict=True)
        ]


def score(
    batches: Iterable[tuple[NDArray[np.float32], NDArray[np.int32]]], classes: int, *, probabilities: bool = False
) -> Scores:
    """Scores of (logits (B, classes), labels (B,)) batch by batch; or of ``probabilities`` instead of logits."""
    loss = 0.0
    ranks_seen = np.zeros(classes, dtype=np.int64)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    for logits, labels in batches:
        loss += float(_compute_cross_entropies(_take_log(logits) if probabilities else logits, labels).sum())
        ranks_seen += np.bincount(_compute_ranks(logits, labels), minlength=classes)[:classes]
        np.add.at(confusion, (labels, np.argmax(logits, axis=-1)), 1)
    images = int(confusion.sum())
    return Scores(
        images=images,
        loss=loss / images,
        accuracy=float(ranks_seen[0] / images),
        top5_accuracy=float(ranks_seen[:_TOP].sum() / images) if classes >= _TOP else None,
        confusion=confusion,
    )


def are_probabilities(answers: NDArray[np.floating[Any]]) -> bool:
    """Whether every row of (B, classes) is a distribution over the classes, as a softmax gives it; logits are none."""
    return bool((answers >= 0).all() and (np.abs(answers.sum(axis=-1) - 1) < _FROM_ONE).all())


def _take_log(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits of probabilities, which are kept away from 0 and 1 as Keras's cross-entropy does."""
    return np.log(np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST))


def _compute_cross_entropies(logits: NDArray[np.floating[Any]], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Cross-entropy of each image."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    normaliser: NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=-1))
    losses: NDArray[np.float64] = normaliser - shifted[np.arange(len(labels)), labels]
    return losses


def _compute_ranks(logits: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """How many classes come before the true one. Among equals the first class wins; NaN loses to everything."""
    own = logits[np.arange(len(labels)), labels][:, None]
    better = ~(logits <= own)
    tied_before = (logits == own) & (np.arange(logits.shape[1]) < labels[:, None])
    better[np.arange(len(labels)), labels] = np.isnan(own[:, 0])
    behind: NDArray[np.intp] = (better | tied_before).sum(axis=-1)
    return behind
