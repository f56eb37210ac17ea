"""Which network to train: the most accurate that is within the budget, and what would make a better one fit.

Where a target is given, the one that reaches it first, as far as that is known.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from densebench.comparison.pareto import Point, find_dominators
from densebench.prediction.budget import Limits, PlanFigure, find_excess, find_figure, judge
from densebench.prediction.values import Alternative, Candidate, Choice, Prediction

_MOST_ALTERNATIVES = 3
_MOST_TRIED = 3  # candidates beyond the budget, for which a change is looked for


@dataclass(frozen=True, kw_only=True)
class Change:
    """A training in another way: what is typed for it, and its cost, which may take a measurement to know."""

    option: str
    predict: Callable[[], Prediction | None]
    changes_training: bool  # so that accuracy is another


def mark_front(candidates: Sequence[Candidate], cost: PlanFigure) -> list[Candidate]:
    """The candidates, those marked that none beats in accuracy and cost at once.

    Where no accuracy is known, multiply-adds stand in for it: what a network can learn grows with them.
    """
    is_known = any(candidate.accuracy for candidate in candidates)
    points = [
        Point(index=index, accuracy=worth, paid=span[0])
        for index, candidate in enumerate(candidates)
        if (worth := _find_worth(candidate, is_known)) is not None
        and (span := find_figure(cost, candidate, 1)) is not None
        and math.isfinite(span[0])
    ]
    front = {point.index for point, better in find_dominators(points) if better is None}
    return [replace(candidate, on_front=index in front) for index, candidate in enumerate(candidates)]


def choose(
    candidates: Sequence[Candidate],
    limits: Limits,
    seeds: int,
    list_changes: Callable[[Candidate], Iterable[Change]],
) -> Choice:
    """The choice among candidates that are judged; ``list_changes`` gives what may make one of them fit."""
    fitting = [one for one in candidates if one.prediction is not None and (one.fits or not limits)]
    chosen = _find_most_promising(fitting)
    beyond = [one for one in candidates if one.fits is False and one.prediction is not None]
    tried = _rank(beyond)[:_MOST_TRIED] if chosen else _find_least_beyond(beyond, limits, seeds)
    nearest = tried[0] if tried else None
    found: list[Alternative] = []
    for one in tried:
        found = _find_alternatives(one, limits, seeds, list_changes(one))
        if found:
            nearest = one
            break
    return Choice(
        chosen=chosen,
        by_accuracy=chosen is not None and chosen.accuracy is not None,
        by_target=chosen is not None and _find_target_seconds(chosen) is not None,
        nearest=nearest,
        alternatives=tuple(found),
    )


def _find_worth(candidate: Candidate, is_known: bool) -> float | None:
    if not is_known:
        return float(candidate.forward_macs or 0)
    return candidate.accuracy.mean if candidate.accuracy else None


def _find_most_promising(candidates: Sequence[Candidate]) -> Candidate | None:
    return next(iter(_rank(candidates)), None)


def _rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first at the target; without one, the most accurate, and if no accuracy is known, the one that computes most.

    Of equal ones the faster. While no time to the target is known, those go last of which a run has missed it.
    """
    timed = [(seconds, one) for one in candidates if (seconds := _find_target_seconds(one)) is not None]
    if timed:
        return [candidate for _, candidate in sorted(timed, key=lambda entry: entry[0])]
    candidates = [one for one in candidates if one.target_time is None] or candidates
    is_known = any(candidate.accuracy for candidate in candidates)
    rated = [
        (worth, -candidate.prediction.total_seconds, candidate)
        for candidate in candidates
        if (worth := _find_worth(candidate, is_known)) is not None and candidate.prediction is not None
    ]
    return [candidate for *_, candidate in sorted(rated, key=lambda entry: entry[:2], reverse=True)]


def _find_target_seconds(candidate: Candidate) -> float | None:
    return None if candidate.target_time is None else candidate.target_time.seconds


def _find_least_beyond(candidates: Sequence[Candidate], limits: Limits, seeds: int) -> list[Candidate]:
    known = [(excess, one) for one in candidates if (excess := find_excess(one, limits, seeds)) is not None]
    return [min(known, key=lambda entry: entry[0])[1]] if known else []


def _find_alternatives(
    candidate: Candidate, limits: Limits, seeds: int, changes: Iterable[Change]
) -> list[Alternative]:
    """The changes with which it fits, each predicted only when it is reached."""
    found: list[Alternative] = []
    for change in changes:
        if len(found) == _MOST_ALTERNATIVES:
            break
        prediction = change.predict()
        accuracy = None if change.changes_training else candidate.accuracy
        changed = replace(candidate, prediction=prediction, accuracy=accuracy, target_time=None)
        if prediction is not None and judge(changed, limits, seeds).fits:
            found.append(
                Alternative(option=change.option, prediction=prediction, changes_training=change.changes_training)
            )
    return found
