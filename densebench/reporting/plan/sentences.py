"""A plan in words: on what machine, what was measured, what to train, and what would make a better one fit."""

from densebench.errors import count_noun, join_names
from densebench.prediction.values import Alternative, Candidate, Plan, Prediction
from densebench.reporting.plan import formats
from densebench.reporting.plan.target_sentences import praise_first, write_targets


def write_heading(plan: Plan) -> list[str]:
    """On what machine, of what training, and what was measured for it."""
    return [" ".join((_describe_machine(plan), _describe_training(plan))), _describe_measuring(plan)]


def write_closing(plan: Plan) -> list[str]:
    """The choice in a sentence, what would make a better one fit, and what a reader must know."""
    return [*_write_choice(plan), *_write_problems(plan), *write_targets(plan), *plan.notes]


def _describe_machine(plan: Plan) -> str:
    here = plan.machine
    ram = formats.format_bytes(here.ram_bytes) if here.ram_bytes else ""
    cores = count_noun(here.cpu_cores, "core") if here.cpu_cores else ""
    return f"{', '.join(filter(None, (here.cpu or 'Unknown CPU', cores, ram, here.gpu_name or 'no GPU')))}."


def _describe_training(plan: Plan) -> str:
    work = plan.workload
    batch = "" if plan.batch_size is None else f", batch {plan.batch_size}"
    devices = {one.devices for one in plan.candidates}
    shared = "" if len(devices) > 1 or 1 in devices else f", {devices.pop()} devices"
    return (
        f"{plan.dataset}: {work.train_images:,} images of {work.image_size}x{work.image_size}. "
        f"Recipe {plan.recipe}, {count_noun(work.epochs, 'epoch')}{batch}{shared}."
    )


def _describe_measuring(plan: Plan) -> str:
    known = [one.prediction for one in plan.candidates if one.prediction is not None]
    rest = "; the rest predicted from them (~)" if any(not prediction.measured for prediction in known) else ""
    if not known:
        return "Nothing was measured."
    if not plan.measured:
        return f"By earlier measurements on this machine{rest}."
    names = join_names(list(dict.fromkeys(plan.measured)))
    earlier = dict.fromkeys(
        one.variant
        for one in plan.candidates
        if one.prediction is not None and one.prediction.measured and one.variant not in plan.measured
    )
    before = f"; earlier: {join_names(list(earlier))}" if earlier else ""
    return f"Measured in {formats.format_time(plan.measuring_seconds)}: {names}{before}{rest}."


def _write_choice(plan: Plan) -> list[str]:
    choice = plan.choice
    if choice.chosen is None or choice.chosen.prediction is None:
        return _write_nothing_fits(plan)
    sentences = [f"{_praise(choice.chosen, plan)} {_describe_cost(choice.chosen.prediction, plan)}."]
    cheapest = _find_cheapest(plan)
    if not choice.by_accuracy and cheapest.label != choice.chosen.label and cheapest.prediction is not None:
        time = formats.format_seconds(cheapest.prediction)
        sentences.append(f"The quickest way to learn about it is a run of {cheapest.label} ({time}).")
    if choice.nearest is not None and choice.alternatives:
        sentences.append(_write_alternatives(choice.nearest, plan))
    return sentences


def _praise(chosen: Candidate, plan: Plan) -> str:
    """Why it was chosen, before what it costs."""
    within = "" if plan.budget is None else "Within the budget, "
    no = "No" if plan.budget is None else "no"
    if plan.choice.by_target:
        return praise_first(chosen, plan)
    if len(plan.candidates) == 1:
        return f"{chosen.label} {'takes' if plan.budget is None else 'fits the budget:'}"
    if plan.choice.by_accuracy:
        return f"{within}{_praise_accuracy(chosen, plan)}:"
    return f"{within}{no} accuracy on {plan.dataset} is known; {chosen.label} computes most:"


def _praise_accuracy(chosen: Candidate, plan: Plan) -> str:
    """What it is among those that fit: not more than is known."""
    others = [one for one in plan.candidates if one.fits is not False and one.label != chosen.label]
    among = " of those whose accuracy is known" if any(one.accuracy is None for one in others) else ""
    best = chosen.accuracy.mean if chosen.accuracy else None
    equal = [one.label for one in others if one.accuracy is not None and one.accuracy.mean == best]
    if equal:
        names = join_names([chosen.label, *equal])
        return f"{names} are the most accurate{among}, and {chosen.label} takes the least time"
    return f"{chosen.label} is the most accurate{among}"


def _write_nothing_fits(plan: Plan) -> list[str]:
    nearest = plan.choice.nearest
    if all(one.prediction is None for one in plan.candidates):
        return ["Nothing can be proposed."]
    if nearest is None or nearest.prediction is None:
        return ["Nothing is known to fit the budget."]
    return [
        f"Nothing fits the budget; {nearest.label} comes nearest: {_describe_cost(nearest.prediction, plan)}.",
        _write_alternatives(nearest, plan),
    ]


def _find_cheapest(plan: Plan) -> Candidate:
    known = [one for one in plan.candidates if one.prediction is not None and one.fits is not False]
    return min(known, key=lambda one: one.prediction.total_seconds if one.prediction else 0.0)


def _describe_cost(prediction: Prediction, plan: Plan) -> str:
    """``8.5 h ± 2 %, 0.82 GiB``; of several runs the time of all."""
    seeds = plan.workload.seeds
    runs = f" for {seeds} runs" if seeds > 1 else ""
    memory = f", {formats.format_memory(prediction)}" if prediction.peak_bytes is not None else ""
    return f"{formats.format_total(prediction, seeds)}{runs}{memory}"


def _write_alternatives(candidate: Candidate, plan: Plan) -> str:
    alternatives = plan.choice.alternatives
    if not alternatives:
        return f"No shorter training, other batch size or less memory was found with which {candidate.label} would fit."
    ways = [_describe_way(one, plan) for one in alternatives]
    return f"{candidate.label} would fit with {join_names(ways, 'or')}."


def _describe_way(way: Alternative, plan: Plan) -> str:
    """``--recipe short (15 h, 2.7 GiB; accuracy unknown)``."""
    found = way.prediction
    figures = [formats.format_seconds(found, plan.workload.seeds)]
    if found.peak_bytes is not None:
        figures.append(formats.format_memory(found))
    return f"{way.option} ({', '.join(figures)}{'; accuracy unknown' if way.changes_training else ''})"


def _write_problems(plan: Plan) -> list[str]:
    """Why there is no figure of a network: its trial failed, or there was no time for one."""
    late = [one.label for one in plan.candidates if one.prediction is None and not one.problem]
    sentences = [f"{one.label}: {one.problem}" for one in plan.candidates if one.problem]
    if late:
        sentences.append(f"There was no time to measure {join_names(late)}: give more with --within.")
    return sentences
