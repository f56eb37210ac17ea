"""What planned runs will cost, by what results hold of this machine already; nothing is measured for it."""

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from densebench.config import RunConfig
from densebench.errors import InputError, count_noun
from densebench.events import Ended, Event, Message, Started
from densebench.measuring.environment import probe
from densebench.planning.plan.candidates import describe_workload
from densebench.planning.plan.make_plan import read_known
from densebench.planning.plan.planner import Planner, Request
from densebench.planning.training import PlannedRun
from densebench.prediction.values import NO_PRICES, Prediction
from densebench.records import Run
from densebench.reporting.plan.formats import format_memory, format_total


def predict_runs(planned: Sequence[PlannedRun]) -> list[Prediction | None]:
    """One prediction for each run, of one dataset; ``None`` where nothing is known, and for a run that is not new."""
    if not any(run.is_new for run in planned):
        return [None] * len(planned)
    first = planned[0]
    runs = read_known(Path(first.config.results_dir), [])
    if not runs:
        return [None] * len(planned)
    requests = [Request(config=one.config, cost=one.cost) for one in planned]
    costs = {request.network: request.cost for request in requests}
    planner = Planner(facts=first.facts, here=probe(), runs=runs, run_trial=_refuse, within=0.0, costs=costs)
    pairs = zip(planned, requests, strict=True)
    return [_predict(planner, run, request) if run.is_new else None for run, request in pairs]


def _predict(planner: Planner, planned: PlannedRun, request: Request) -> Prediction | None:
    try:
        workload = describe_workload(planned.facts, planned.config, seeds=1)
    except InputError:  # the number of images is known only after loading
        return None
    return planner.predict(request, workload, NO_PRICES)


def _refuse(config: RunConfig, steps: float, limit: float) -> tuple[Run | None, Ended]:
    raise AssertionError(f"{config.run} would be a trial, and nothing is measured here")


def announce(
    predicted: Sequence[tuple[PlannedRun, Prediction | None]], report: Callable[[Event, str], None]
) -> Callable[[Event, str], None]:
    """Passes events on; before the first start of a variant comes what its runs are predicted to cost."""
    new = [(run, prediction) for run, prediction in predicted if run.is_new]
    counts = Counter(_get_key(run) for run, _ in new)
    several = len({devices for _, devices in counts}) > 1
    sentences: dict[str, list[str]] = {}
    for key, (run, prediction) in {_get_key(run): (run, prediction) for run, prediction in new}.items():
        sentence = _describe(run, counts[key], prediction, names_devices=several)
        sentences.setdefault(run.config.variant, []).append(sentence)

    def pass_on(event: Event, run: str) -> None:
        for sentence in sentences.pop(event.variant, []) if isinstance(event, Started) else ():
            report(Message(text=sentence), "")  # of all runs of the variant
        report(event, run)

    return pass_on


def _get_key(planned: PlannedRun) -> tuple[str, int]:
    return planned.config.variant, planned.config.devices


def _describe(planned: PlannedRun, runs: int, prediction: Prediction | None, *, names_devices: bool) -> str:
    name, number = planned.config.variant, planned.config.devices
    on = f" on {count_noun(number, 'device')}" if names_devices else ""
    if prediction is None:
        devices = ["--devices", str(number)] if number > 1 else []
        command = shlex.join(
            ["densebench", "plan", planned.config.typed_variant, "--dataset", planned.config.data.dataset, *devices]
        )
        return f"How long {name}{on} takes has not been measured here yet: '{command}' does so."
    each = f", each of the {runs} runs" if runs > 1 else ""
    return f"{name}{on} is predicted to take {format_total(prediction)} and {format_memory(prediction)}{each}."
