"""A plan in words: on what machine, what was measured, what to train, and what would make a better one fit."""

from collections.abc import Sequence

from densebench.comparison.formats import join_names
from densebench.prediction.values import Alternative, Candidate, Plan
from densebench.reporting.plan import formats
from densebench.units import UNKNOWN


def write_heading(plan: Plan) -> list[str]:
    """On what machine, of what training, and what was measured for it."""
    return [" ".join((_describe_machine(plan), _describe_training(plan))), _describe_measuring(plan)]


def write_closing(plan: Plan) -> list[str]:
    """The choice in a sentence, what would make a better one fit, and what a reader must know."""
    return [*_write_choice(plan), *_write_problems(plan), *plan.notes]


def _describe_machine(plan: Plan) -> str:
    here = plan.machine
    ram = formats.format_bytes(here.ram_bytes) if here.ram_bytes else ""
    cores = f"{here.cpu_cores} {'core' if here.cpu_cores == 1 else 'cores'}" if here.cpu_cores else ""
    return f"{', '.join(filter(None, (here.cpu or 'Unknown CPU', cores, ram, here.gpu_name or 'no GPU')))}."


def _describe_training(plan: Plan) -> str:
    work = plan.workload
    batch = "" if plan.batch_size is None else f", batch {plan.batch_size}"
    return (
        f"{plan.dataset}: {work.train_images:,} images of {work.image_size}x{work.image_size}. "
        f"Recipe {plan.recipe}, {work.epochs:,} {'epoch' if work.epochs == 1 else 'epochs'}{batch}."
    )


def _describe_measuring(plan: Plan) -> str:
    known = [one for one in plan.candidates if one.prediction is not None]
    others = sum(not one.prediction.measured for one in known if one.prediction is not None)
    rest = "; the rest predicted from them (~)" if others else ""
    if not plan.measured:
        return f"By earlier measurements on this machine{rest}." if known else "Nothing could be measured."
    names = join_names(list(dict.fromkeys(plan.measured)))
    return f"Measured in {formats.format_time(plan.measuring_seconds)}: {names}{rest}."


def _write_choice(plan: Plan) -> list[str]:
    choice = plan.choice
    if choice.chosen is None:
        return _write_nothing_fits(plan)
    where = "Proposed" if plan.budget is None else "Within the budget"
    sentences = [f"{where}: {choice.chosen.label} ({_describe_cost(choice.chosen, plan)}), {_explain(plan)}."]
    if not choice.by_accuracy:
        cheapest = _find_cheapest(plan)
        sentences.append(f"A run of {cheapest} teaches most a minute about the accuracy on {plan.dataset}.")
    if choice.nearest is not None and choice.alternatives:
        sentences.append(_write_alternatives(choice.nearest, choice.alternatives))
    return sentences


def _explain(plan: Plan) -> str:
    """Why it was chosen."""
    fitting = "" if plan.budget is None else " that fits"
    if plan.choice.by_accuracy:
        return f"the most accurate{fitting}"
    return f"the one{fitting} that computes most, for no accuracy is known"


def _write_nothing_fits(plan: Plan) -> list[str]:
    nearest = plan.choice.nearest
    if nearest is None:
        return ["Nothing can be proposed." if plan.budget is None else "Nothing is known to fit the budget."]
    return [
        f"Nothing fits the budget; {nearest.label} comes nearest ({_describe_cost(nearest, plan)}).",
        _write_alternatives(nearest, plan.choice.alternatives),
    ]


def _find_cheapest(plan: Plan) -> str:
    known = [one for one in plan.candidates if one.prediction is not None and one.fits is not False]
    return min(known, key=lambda one: one.prediction.total_seconds if one.prediction else 0.0).label


def _describe_cost(candidate: Candidate, plan: Plan) -> str:
    found = candidate.prediction
    if found is None:
        return UNKNOWN
    seeds = plan.workload.seeds
    runs = f" for {seeds} runs" if seeds > 1 else ""
    return f"{formats.format_total(found, seeds)}{runs}, {formats.format_memory(found)}"


def _write_alternatives(candidate: Candidate, alternatives: Sequence[Alternative]) -> str:
    if not alternatives:
        return f"No shorter training, other batch size or less memory was found with which {candidate.label} would fit."
    ways = [
        f"{one.option} ({formats.format_time(one.prediction.total_seconds)}, {formats.format_memory(one.prediction)}"
        f"{'; accuracy unknown' if one.changes_training else ''})"
        for one in alternatives
    ]
    return f"{candidate.label} would fit with {' or '.join(ways)}."


def _write_problems(plan: Plan) -> list[str]:
    return [f"{one.label}: {one.problem}" for one in plan.candidates if one.problem]
