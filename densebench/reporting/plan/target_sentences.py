"""A plan for a target in words: what reaches it first, and why there is no time where there is none."""

from collections.abc import Iterator

from densebench.errors import count_noun, join_names
from densebench.prediction.values import Candidate, Plan, Prediction, TargetTime
from densebench.reporting.plan import formats


def praise_first(chosen: Candidate, plan: Plan) -> str:
    """Why it was chosen, before what the whole training costs."""
    target = formats.format_target(plan.target or 0.0)
    time = formats.format_target_time(chosen.target_time, chosen.prediction)
    if len(plan.candidates) == 1:
        return f"{chosen.label} reaches {target} in {time}; the whole training takes"
    within = "" if plan.budget is None else "Within the budget, "
    is_all = all(one.target_time for one in plan.candidates)
    of = "" if is_all else f"{'of' if within else 'Of'} the networks with learning curves here, "
    return f"{within}{of}{chosen.label} reaches {target} first, in {time}; the whole training takes"


def write_targets(plan: Plan) -> list[str]:
    """What a reader must know of the times to the target; nothing without one."""
    if plan.target is None:
        return []
    timed = [(one, one.target_time) for one in plan.candidates if one.target_time is not None]
    missed = [(one, found) for one, found in timed if found.missed]
    single = [one.label for one, found in timed if found.count == 1 and not found.missed]
    late = [one.label for one, found in timed if _may_miss(found, one.prediction)]
    return [
        *_write_missed(missed, plan.target),
        *_write_single(single),
        *_write_late(late, plan.target),
        *_write_unknown(plan, plan.target),
    ]


def _write_missed(missed: list[tuple[Candidate, TargetTime]], target: float) -> Iterator[str]:
    for one, found in missed:
        what, best = formats.format_target(target), f"at best {100 * found.best:.2f} %"
        runs = count_noun(found.count, "own run")
        if found.epochs:
            yield f"{one.label} reached {what} in {len(found.epochs)} of {runs} only ({best}), so no time is given."
        else:
            yield f"{one.label} never reached {what} in {runs} ({best})."


def _write_single(labels: list[str]) -> list[str]:
    if not labels:
        return []
    return [
        f"The time to the target of {join_names(labels)} is by one run, which does not show how much seeds differ: "
        "several give it an interval."
    ]


def _may_miss(found: TargetTime, prediction: Prediction | None) -> bool:
    """Whether the interval of the time reaches beyond the end of the training."""
    return (
        found.interval is not None and prediction is not None and found.interval.high > prediction.total_interval.high
    )


def _write_late(labels: list[str], target: float) -> list[str]:
    if not labels:
        return []
    return [
        f"The interval of the time to the target of {join_names(labels)} goes beyond the end of the training: one more "
        f"run may end without reaching {formats.format_target(target)}."
    ]


def _write_unknown(plan: Plan, target: float) -> list[str]:
    """No figure is made up for a network without a learning curve: the cheapest of them says how to get one."""
    unknown = [one for one in plan.candidates if one.target_time is None]
    if not unknown:
        return []
    known = [(one.prediction.total_seconds, index) for index, one in enumerate(unknown) if one.prediction is not None]
    command = unknown[min(known)[1] if known else 0].command
    names, reach = join_names([one.label for one in unknown]), "reaches" if len(unknown) == 1 else "reach"
    return [
        f"No run here shows when {names} {reach} {formats.format_target(target)}: that takes a completed training with "
        "the same data, recipe, epochs and batch size, and published figures have no learning curve. "
        f"'{command}' measures it."
    ]
