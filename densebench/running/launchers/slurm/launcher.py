"""The launcher of a cluster with SLURM: one array job, a run each, by submitit."""

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench.errors import InputError, Interrupted, RunFailed
from densebench.events import Ended, Message, Placed, Requeued, Started, from_line
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.protocol import (
    Outcome,
    QueuedRun,
    Report,
    find_threads,
    outcome_from_json,
    queued_to_json,
)
from densebench.running.launchers.slurm.job import OUTCOME, SlurmJob
from densebench.running.launchers.slurm.queue import has_cards, read_queue, stop_job
from densebench.running.launchers.starting import end_lost
from densebench.running.launchers.stop_signals import note_signals
from densebench.running.launchers.sweep import Sweep, open_sweep

_INTERVAL = 1.0  # seconds between two looks at what the jobs have written
_QUEUE_INTERVAL = 10.0  # seconds between two questions to SLURM
_MARGIN_MINUTES = 5  # between the end of a run by its own time limit and that of its job
_MISSED = 3  # questions in a row in which SLURM does not know a job that has not said its end


class SlurmLauncher:
    """A :class:`densebench.running.launchers.protocol.Launcher`; the cluster ``local`` is for tests."""

    def __init__(self, options: LaunchOptions, cluster: str = "slurm") -> None:
        self._options, self._cluster = options, cluster

    def launch(self, runs: Sequence[QueuedRun], report: Report) -> Iterator[Outcome]:
        """Send all runs as one array, then wait for them; with ``no_wait`` only say where they are."""
        if not runs:
            return
        with open_sweep("slurm", runs) as (sweep, owned), note_signals() as signals:
            jobs = self._submit(sweep, owned)
            job = str(jobs[0].job_id).partition("_")[0]
            noted = sweep.note_job(job)
            if self._options.no_wait:
                report(Message(text=_describe_sent(len(runs), job, noted)), "")
                return
            yield from _Wait(noted, owned, jobs, report, self._cluster).until_ended(signals)

    def _submit(self, sweep: Sweep, runs: Sequence[QueuedRun]) -> list[Any]:
        import submitit

        gpus = self._count_cards(runs)
        try:
            # not AutoExecutor: it takes a time of None for submitit's own limit of 5 minutes
            executors = {"slurm": submitit.SlurmExecutor, "local": submitit.LocalExecutor}
            executor = executors[self._cluster](sweep.folder / "jobs")
            executor.update_parameters(**self._find_parameters(runs, gpus))
            with executor.batch():
                return [
                    executor.submit(
                        SlurmJob(
                            queued=queued_to_json(queued),
                            folder=os.getcwd(),
                            events=str(sweep.events_path(index).absolute()),
                            stop=str(sweep.stop_path.absolute()),
                            hides_cards=not gpus,
                        )
                    )
                    for index, queued in enumerate(runs)
                ]
        except (RuntimeError, ValueError, submitit.core.utils.FailedJobError) as error:
            first = " ".join(str(error).split())[:300]
            raise InputError(f"SLURM did not take the runs ({first}): check --partition and --slurm.") from None

    def _count_cards(self, runs: Sequence[QueuedRun]) -> int:
        """Of each run: as given, else its devices where the partition has cards; one array asks for one number."""
        has_any = self._cluster == "slurm" and has_cards(self._options.partition)
        if self._options.gpus_per_run is not None:
            return int(self._options.gpus_per_run)
        return max(run.task.config.devices for run in runs) if has_any else 0

    def _find_parameters(self, runs: Sequence[QueuedRun], gpus: int) -> dict[str, Any]:
        """What submitit is asked for; names of its own begin with ``slurm_``, any other goes to sbatch as it is."""
        if self._cluster != "slurm":
            return {"timeout_min": 60}
        limits = [run.time_limit for run in runs]
        minutes = None if None in limits else math.ceil(max(limit or 0 for limit in limits) / 60) + _MARGIN_MINUTES
        found: dict[str, Any] = {
            "job_name": "densebench",
            "array_parallelism": self._options.jobs or len(runs),
            "partition": self._options.partition,
            "gpus_per_node": gpus or None,
            "cpus_per_task": self._options.cpus_per_run or find_threads(runs),
        }
        given = {name: value for name, value in found.items() if value is not None}
        return {"time": minutes} | given | _read_settings(self._options.slurm)


def _read_settings(texts: Sequence[str]) -> dict[str, Any]:
    """``--slurm`` as submitit takes it: names that it knows as its own, the others for sbatch as they are."""
    from submitit.slurm.slurm import SlurmExecutor

    known = SlurmExecutor._valid_parameters()
    own: dict[str, Any] = {}
    free: dict[str, Any] = {"requeue": True}
    for name, value in (text.split("=", 1) for text in texts):
        plain = name.strip().lstrip("-").replace("-", "_")
        if plain in known:
            own[plain] = value
        else:
            free[name.strip().lstrip("-")] = value
    return {**own, "additional_parameters": free}


def _describe_sent(count: int, job: str, sweep: Sweep) -> str:
    folder = sweep.folder.parent.parent
    look = "densebench status" if str(folder) == "runs" else f"densebench status {folder}"
    runs = "1 run was" if count == 1 else f"{count} runs were"
    return f"{runs} sent to SLURM as job {job}: '{look}' shows what has come of them, 'scancel {job}' ends them."


@dataclass(kw_only=True)
class _Awaited:
    """A run whose end has not come yet."""

    queued: QueuedRun
    index: int
    job: Any
    events: Path
    pending: bytes = b""
    position: int = 0
    run: str | None = None  # the name that it has got, once it has begun
    where: str | None = None
    missed: int = 0


class _Wait:
    """Follows the files of events, and asks SLURM for the jobs that say nothing."""

    def __init__(
        self, sweep: Sweep, runs: Sequence[QueuedRun], jobs: Sequence[Any], report: Report, cluster: str
    ) -> None:
        self._sweep, self._report, self._cluster = sweep, report, cluster
        self._awaited = [
            _Awaited(queued=queued, index=index, job=job, events=sweep.events_path(index))
            for index, (queued, job) in enumerate(zip(runs, jobs, strict=True))
        ]
        self._asked = time.monotonic()
        self._passed = 0  # signals that were passed on

    def until_ended(self, signals: list[int]) -> Iterator[Outcome]:
        """Yield each outcome as it comes; after a signal those of the runs that had begun."""
        has_said = False
        while self._awaited:
            self._pass_on(signals)
            self._ask(bool(signals))
            for one in list(self._awaited):
                outcome = self._follow(one, signals)
                if outcome is not None:
                    has_said = has_said or outcome.ended.signal_number > 0
                    yield outcome
            if self._awaited:
                time.sleep(_INTERVAL)
        if signals and not has_said:
            raise Interrupted("Interrupted: no run had begun, or all had ended.", signals[0])

    def _pass_on(self, signals: list[int]) -> None:
        for _ in signals[self._passed :]:
            self._sweep.stop()
            self._passed += 1
            if self._cluster == "slurm":
                stop_job(str(self._sweep.job), at_once=self._passed > 1)
            else:
                for one in self._awaited:
                    one.job.cancel()

    def _ask(self, stopping: bool) -> None:
        """Count how often in a row the queue does not know a job."""
        now = time.monotonic()
        if now - self._asked < (_INTERVAL if stopping else _QUEUE_INTERVAL):
            return
        self._asked = now
        if self._cluster == "slurm":
            queue = read_queue(str(self._sweep.job))
            for one in self._awaited if queue is not None else []:
                one.missed = 0 if queue and one.index in queue else one.missed + 1
        else:
            for one in self._awaited:
                one.missed = one.missed + 1 if one.job.done() else 0

    def _follow(self, one: _Awaited, signals: list[int]) -> Outcome | None:
        """Report what the run has written since the last time; its outcome if that was its end, or SLURM's."""
        for line in _read_new_lines(one):
            if line.startswith(OUTCOME):
                return self._settle(one, line.removeprefix(OUTCOME).decode(), signals)
            event = from_line(line)
            match event:
                case Placed():
                    one.where = event.where
                case Started():
                    one.run = event.run
                case Requeued():
                    one.where = None
            if not isinstance(event, Ended):
                self._report(event, one.queued.name)
        return self._give_up(one, signals) if one.missed >= _MISSED else None

    def _settle(self, one: _Awaited, text: str, signals: list[int]) -> Outcome | None:
        try:
            outcome = outcome_from_json(one.queued, text)
        except InputError:  # torn by a kill: the job is queued again, or SLURM will know it no more
            return None
        self._awaited.remove(one)
        ended = outcome.ended
        if signals and ended.signal_number:  # SLURM has SIGTERM only
            ended = Ended(status=ended.status, reason=ended.reason, exit_code=128 + signals[0])
            if one.run is None:
                return None
        self._report(ended, one.queued.name)
        return Outcome(queued=one.queued, config=outcome.config, ended=ended)

    def _give_up(self, one: _Awaited, signals: list[int]) -> Outcome | None:
        """The end of a job that SLURM knows no more, and that has not said its end."""
        self._awaited.remove(one)
        if signals and one.run is None:
            return None
        if signals:
            ended = Ended(status="interrupted", reason="Stopped at once.", exit_code=128 + signals[0])
        else:
            log = self._sweep.folder / "jobs"
            reason = f"Its job left SLURM's queue without a word{f' on {one.where}' if one.where else ''}; see {log}."
            ended = Ended(status="failed", reason=reason, exit_code=RunFailed.exit_code)
        outcome = end_lost(one.queued, one.run, ended)
        self._report(outcome.ended, one.queued.name)
        return outcome


def _read_new_lines(one: _Awaited) -> Iterator[bytes]:
    """The whole lines that the job has added."""
    if not one.events.exists():
        return
    with one.events.open("rb") as file:
        file.seek(one.position)
        added = file.read()
    one.position += len(added)
    *lines, one.pending = (one.pending + added).split(b"\n")
    yield from lines
