"""The whole of ``plan``: what is known, what is measured now, and what follows from it."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from densebench.config import RunConfig
from densebench.data import datasets
from densebench.errors import Interrupted, ResultsError, count_noun
from densebench.events import Ended
from densebench.measuring.environment import probe
from densebench.planning.options import configure
from densebench.planning.plan.candidates import assemble, describe_workload, list_requests
from densebench.planning.plan.options import PlanOptions
from densebench.planning.plan.planner import Planner
from densebench.prediction.values import Candidate, Plan
from densebench.records import Run
from densebench.reporting.live.run_state import ShownRun
from densebench.reporting.live.view import View
from densebench.results import csv_file, store
from densebench.results.gathering import read_published
from densebench.running.directory import choose_names, run_directory
from densebench.running.launchers.starting import start_new
from densebench.running.tasks import Task, TrialTask

_OLD = timedelta(days=1)  # of a measurement: the same machine has been seen to differ twofold from day to day


def make_plan(options: PlanOptions, view: View) -> Plan:
    """Predict what trainings cost from runs on disk and from trials made now, and choose one of them.

    Raises :class:`InputError`, and :class:`Interrupted` after Ctrl-C; what was measured until then stays on disk.
    """
    config = configure(options.train, variant="any", run="any")
    facts = datasets.describe(config.data)
    requests = list_requests(options, facts)
    workload = describe_workload(facts, config, options.seeds)
    notes: list[str] = [f"{warning}." for warning in facts.warnings]
    known = read_known(Path(config.results_dir), notes)
    here = probe()
    with ExitStack() as shown:
        open_view = cache(lambda: shown.enter_context(view))  # with the first trial: there may be none
        planner = Planner(
            facts=facts,
            here=here,
            runs=[] if options.remeasure else known,
            run_trial=lambda trial, steps, limit: _run_trial(trial, steps, limit, open_view()),
            within=options.within,
            costs={request.network: request.cost for request in requests},
        )
        planner.measure_all(requests)
        measured, measuring_seconds = tuple(planner.measured), planner.spent  # without what a change needs
        candidates, choice = assemble(options, facts, workload, requests, planner, known, read_published())
    notes += _note_age(candidates)
    sizes = {request.config.recipe.batch_size for request in requests}
    return Plan(
        candidates=tuple(candidates),
        choice=choice,
        workload=workload,
        dataset=facts.name,
        recipe=config.recipe.name,
        batch_size=sizes.pop() if len(sizes) == 1 else None,
        machine=here,
        measured=measured,
        measuring_seconds=measuring_seconds,
        budget=options.budget,
        cost=options.cost.names[0],
        target=options.train.target,
        prices=options.prices,
        notes=tuple(notes),
    )


def _note_age(candidates: Sequence[Candidate]) -> list[str]:
    """A sentence on measurements that are so old that the machine may have become another."""
    starts = [one.prediction.measured_at for one in candidates if one.prediction is not None]
    ages = [age for start in starts if start is not None and (age := _find_age(start)) is not None]
    if not ages or max(ages) < _OLD:
        return []
    days = count_noun(max(ages).days, "day")
    return [f"The oldest measurement was made {days} ago, and a machine's speed changes: --remeasure measures again."]


def _find_age(start: str) -> timedelta | None:
    try:
        return datetime.now().astimezone() - datetime.fromisoformat(start)
    except (ValueError, TypeError):  # of a file that was edited: no time, or one without a zone
        return None


def read_known(results_dir: Path, notes: list[str]) -> list[Run]:
    """The runs of a folder of results; a file that cannot be read is left out, with a note."""
    files = sorted(results_dir.glob("*.csv"))
    try:
        return [run for runs in csv_file.read_files(files) for run in runs]  # together, which takes a third of the time
    except ResultsError:
        return [run for file in files for run in _read_if_possible(file, notes)]


def _read_if_possible(file: Path, notes: list[str]) -> list[Run]:
    try:
        return csv_file.read(file)
    except ResultsError as error:
        notes.append(f"Left out: {error}")
        return []


def _run_trial(config: RunConfig, steps: float, limit: float, view: View) -> tuple[Run | None, Ended]:
    """A trial in its own process; raises :class:`Interrupted` after a signal."""
    (name,) = choose_names([(config, True)])
    view.begin([ShownRun(name=name, epochs=config.recipe.epochs)])

    def make_task(named: RunConfig) -> Task:
        return TrialTask(config=named, time_limit=steps)

    named, ended = start_new(config, make_task, view.on, numbered=True, time_limit=limit)
    file = store.run_path(named.results_dir, named.run)
    if ended.status == "interrupted":  # by a signal or by the clock: its row would tell nothing
        file.unlink(missing_ok=True)
        shutil.rmtree(run_directory(named.runs_dir, named.run), ignore_errors=True)
    if ended.signal_number:
        raise Interrupted(ended.reason or "Interrupted.", ended.signal_number)
    if ended.status == "interrupted":
        ended = replace(ended, reason="Its trial took longer than --within left: give more.")
    return (csv_file.read(file)[0] if file.exists() else None), ended
