"""The test accuracy to expect of a training: what the user's own runs reached, else what others published."""

import re
from collections.abc import Sequence

from densebench.comparison.statistics import fraction_interval, mean, variance
from densebench.errors import count_noun
from densebench.prediction.own_runs import is_whole
from densebench.prediction.values import Accuracy
from densebench.records import Run

_FEWEST_EPOCHS = 100  # of a training whose published accuracy comes without its epochs


def expect_accuracy(own: Sequence[Run], published: Sequence[Run]) -> Accuracy | None:
    """``None`` where nobody knows. ``own`` are completed trainings of the same kind, ``published`` those like it."""
    reached = [accuracy for run in own if is_whole(run) and (accuracy := _find_last(run)) is not None]
    if reached:
        return _summarise_own(reached)
    found = [run for run in published if _find_last(run) is not None]
    return _summarise_published(found) if found else None


def find_published(published: Sequence[Run], variant: str, dataset: str, epochs: int) -> list[Run]:
    """What others published of a network that was trained on all of a dataset for at most so many epochs."""
    return [
        run
        for run in published
        if (run.variant, run.dataset) == (variant, dataset) and epochs >= (run.epochs or _FEWEST_EPOCHS)
    ]


def _find_last(run: Run) -> float | None:
    return run.records[-1].test_accuracy if run.records else None


def _summarise_own(reached: Sequence[float]) -> Accuracy:
    interval = fraction_interval(reached) if len(reached) > 1 else None
    middle = mean(reached)
    return Accuracy(
        mean=middle,
        low=interval.low if interval else middle,
        high=interval.high if interval else middle,
        deviation=variance(reached) ** 0.5 if len(reached) > 1 else None,
        count=len(reached),
        is_own=True,
        source=count_noun(len(reached), "own run"),
    )


def _summarise_published(found: Sequence[Run]) -> Accuracy:
    reached = [accuracy for run in found if (accuracy := _find_last(run)) is not None]
    sources = list(dict.fromkeys(_shorten(run.source or "unknown source") for run in found))
    return Accuracy(
        mean=(min(reached) + max(reached)) / 2,
        low=min(reached),
        high=max(reached),
        deviation=None,
        count=len(reached),
        is_own=False,
        source="; ".join(sources),
    )


def _shorten(source: str) -> str:
    """``Huang et al. arXiv:1608.06993 table 2`` -> ``Huang et al. arXiv:1608.06993``: who, and where to look."""
    return re.split(r"[,;(]| table ", source)[0].strip()
