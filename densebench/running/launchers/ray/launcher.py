"""The launcher of a queue on Ray: over the cards of this machine, or over the nodes of a cluster."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench import files
from densebench.errors import Interrupted, RunFailed
from densebench.events import Ended, EpochEnded, Message, Placed, Requeued, Started, from_line
from densebench.results import store
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.protocol import (
    Outcome,
    QueuedRun,
    Report,
    find_threads,
    outcome_from_json,
    queued_to_json,
)
from densebench.running.launchers.ray.cluster import Demand, connect, find_demand
from densebench.running.launchers.ray.task import Mailbox, StartRequest, StartResult, make_requested_run
from densebench.running.launchers.starting import end_lost
from densebench.running.launchers.stop_signals import note_signals
from densebench.running.launchers.sweep import open_sweep

_RETRIES = 3
_INTERVAL = 0.2  # seconds between two looks into the mailbox


class RayLauncher:
    """A :class:`densebench.running.launchers.protocol.Launcher`; ``resources`` of a local Ray are for tests."""

    def __init__(self, options: LaunchOptions, **resources: int) -> None:
        self._options = options
        self._resources = resources

    def launch(self, runs: Sequence[QueuedRun], report: Report) -> Iterator[Outcome]:
        """Make runs as places become free; one whose worker or node is lost is made again, up to ``retries`` times."""
        if not runs:
            return
        with (
            open_sweep("ray", runs) as (_, owned),
            connect(self._options, **self._resources),
            note_signals() as signals,
        ):
            numbers = {run.task.config.devices for run in runs}
            threads = find_threads(runs)
            demands = {number: find_demand(self._options, devices=number, threads=threads) for number in numbers}
            yield from _Queue(owned, report, self._options, demands).work_off(signals)


@dataclass(kw_only=True)
class _Start:
    """One start of a run."""

    queued: QueuedRun
    number: int = 0
    where: str | None = None  # None: it waits for a place
    run: str | None = None  # the name that it has got, once it has begun
    epochs: int = 0  # finished, in all starts


class _Queue:
    """The runs that wait, those that Ray has, and what comes of them."""

    def __init__(
        self, runs: Sequence[QueuedRun], report: Report, options: LaunchOptions, demands: dict[int, Demand]
    ) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._mailbox: Any = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()
        # retried here and not by Ray, which neither says so nor knows what a lost run has finished
        self._task: Any = ray.remote(max_retries=0)(make_requested_run)
        self._demands = demands  # by the run's devices
        self._report = report
        self._retries = _RETRIES if options.retries is None else options.retries
        self._most = options.jobs or len(runs)
        self._waiting = deque(_Start(queued=queued) for queued in runs)
        self._sent: dict[Any, _Start] = {}
        self._passed = 0  # signals that were passed on

    def work_off(self, signals: list[int]) -> Iterator[Outcome]:
        """Yield each outcome as it comes; after a signal those of the runs that had a place."""
        import ray

        has_said = False
        while self._waiting or self._sent:
            self._pass_on(signals)
            while self._waiting and len(self._sent) < self._most:
                self._send(self._waiting.popleft())
            done, _ = ray.wait(list(self._sent), num_returns=len(self._sent), timeout=_INTERVAL)
            self._deliver()
            for reference in done:
                outcome = self._settle(self._sent.pop(reference), reference, signals)
                if outcome is not None:
                    has_said = has_said or outcome.ended.signal_number > 0
                    yield outcome
        if signals and not has_said:
            raise Interrupted("Interrupted: no run had begun, or all had ended.", signals[0])

    def _pass_on(self, signals: list[int]) -> None:
        """Tell the runs of new signals; what has no place yet is given up."""
        import ray

        for number in signals[self._passed :]:
            self._passed += 1
            self._mailbox.stop.remote(number)
            self._waiting.clear()
            for reference in [reference for reference, start in self._sent.items() if start.where is None]:
                ray.cancel(reference)
                del self._sent[reference]

    def _send(self, start: _Start) -> None:
        request = StartRequest(
            queued=queued_to_json(start.queued),
            name=start.queued.name,
            start=start.number,
            folder=os.getcwd(),
            threads=os.environ.get("OMP_NUM_THREADS"),
        )
        demand = self._demands[start.queued.task.config.devices]
        task = self._task.options(num_cpus=demand.cpus, num_gpus=demand.gpus)
        self._sent[task.remote(request, self._mailbox)] = start

    def _deliver(self) -> None:
        """Report what the runs have said since the last time."""
        import ray

        starts = {(start.queued.name, start.number): start for start in self._sent.values()}
        for name, number, lines in ray.get(self._mailbox.take.remote()):
            start = starts.get((name, number))
            if start is not None:  # else one that was taken for lost still speaks
                for line in lines:
                    self._hear(start, line)

    def _hear(self, start: _Start, line: bytes) -> None:
        event = from_line(line)
        match event:
            case Placed():
                start.where = event.where
            case Started() if start.number and start.epochs and event.first_epoch == 1:
                self._report(Message(text=_explain_new_start(start)), start.queued.name)
            case Started():
                start.run = event.run
            case EpochEnded():
                start.epochs += 1
        self._report(event, start.queued.name)

    def _settle(self, start: _Start, reference: Any, signals: list[int]) -> Outcome | None:
        """The outcome of a start that Ray is done with; ``None`` if the run waits for another one, or never began."""
        import ray

        try:
            result: StartResult = ray.get(reference)
        except ray.exceptions.TaskCancelledError:
            return None
        except ray.exceptions.OutOfMemoryError:
            return self._give_up(start, f"Ray ended it on {start.where}, because the memory there ran out.")
        except (ray.exceptions.RayError, OSError) as error:
            return self._lose(start, type(error).__name__, signals)
        if result.outcome is None:
            return None
        outcome = outcome_from_json(start.queued, result.outcome)
        if outcome.ended.signal_number and not signals:  # by the node's end, not by the user
            return self._lose(start, outcome.ended.reason or "it was stopped there", signals)
        self._keep_row(outcome, result)
        return outcome

    def _lose(self, start: _Start, cause: str, signals: list[int]) -> Outcome | None:
        """Queue a lost run again, unless it was lost too often."""
        if signals:
            ended = Ended(status="interrupted", reason="Stopped at once.", exit_code=128 + signals[0])
            return self._end(start, ended) if start.run is not None else None
        where = start.where or "its node"
        if start.number >= self._retries:
            times = f"{start.number + 1} times" if start.number else "once"
            return self._give_up(start, f"Its process was lost {times}, the last time on {where} ({cause}).")
        reason = f"Its process on {where} was lost ({cause}): start {start.number + 2} of {self._retries + 1}."
        self._report(Requeued(reason=reason), start.queued.name)
        self._waiting.append(_Start(queued=start.queued, number=start.number + 1, run=start.run, epochs=start.epochs))
        return None

    def _give_up(self, start: _Start, reason: str) -> Outcome:
        return self._end(start, Ended(status="failed", reason=reason, exit_code=RunFailed.exit_code))

    def _end(self, start: _Start, ended: Ended) -> Outcome:
        outcome = end_lost(start.queued, start.run, ended)
        self._report(outcome.ended, start.queued.name)
        return outcome

    def _keep_row(self, outcome: Outcome, result: StartResult) -> None:
        """Write the results file of a run whose node does not share the folder."""
        path = store.run_path(outcome.config.results_dir, outcome.config.run)
        if result.row is not None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(path, result.row)
            text = f"Its results file was copied from {result.where}, where its folder {_folder(outcome)} lies."
            self._report(Message(text=text), outcome.queued.name)


def _folder(outcome: Outcome) -> Path:
    return Path(outcome.config.runs_dir) / outcome.config.run


def _explain_new_start(start: _Start) -> str:
    return f"No finished epoch was found on {start.where}: it starts from the first. Share --runs-dir to go on instead."
