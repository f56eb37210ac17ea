"""What every launcher is: planned runs in, how each ended out, and on the way what happens in each."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from densebench.config import RunConfig
from densebench.config import from_json as config_from_json
from densebench.config import to_json as config_to_json
from densebench.errors import InputError
from densebench.events import Ended, Event
from densebench.running import tasks
from densebench.running.tasks import TrainTask

LAUNCHERS = ("loop", "ray", "slurm")
Report = Callable[[Event, str], None]  # what happens, and in which run: the name that was planned for it


@dataclass(frozen=True, kw_only=True)
class QueuedRun:
    """One run to be made, as it goes to another process or machine."""

    name: str  # that was planned for it
    task: TrainTask  # of a new run, or of one to continue (``config.resume``)
    numbered: bool  # whether a number is added to the name where it is taken
    time_limit: float | None = None  # seconds of each start
    owner: str = ""  # of a run that may be started again after its process was lost: who has claimed its directory


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended."""

    queued: QueuedRun
    config: RunConfig  # under the name that it has got
    ended: Ended


class Launcher(Protocol):
    """Makes runs, each by :func:`densebench.running.launchers.starting.start_or_continue` or what it is made of."""

    def launch(self, runs: Sequence[QueuedRun], report: Report) -> Iterator[Outcome]:
        """Yield how each run ended, in the order in which they end; after a signal only those that had begun."""


def find_threads(runs: Sequence[QueuedRun]) -> int | None:
    """The threads of the run that may use most; ``None`` if one may use as many as its framework chooses."""
    threads = [run.task.config.threads for run in runs]
    return None if None in threads else max(count for count in threads if count is not None)


def queued_to_json(queued: QueuedRun) -> str:
    """The run as one line of JSON."""
    values = {field.name: getattr(queued, field.name) for field in dataclasses.fields(queued)}
    return json.dumps({**values, "task": tasks.to_json(queued.task)})


def queued_from_json(text: str) -> QueuedRun:
    """The run that :func:`queued_to_json` wrote; raises :class:`InputError` for any other text."""
    try:
        values: dict[str, Any] = json.loads(text)
        task, _ = tasks.from_json(values.pop("task"))
        if not isinstance(task, TrainTask):
            raise TypeError("no training")
        return QueuedRun(task=task, **values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"This is not a run for a launcher ({error}): start a new run.") from None


def outcome_to_json(config: RunConfig, ended: Ended) -> str:
    """How a run ended, as one line of JSON for the process that waits for it."""
    return json.dumps({"config": config_to_json(config), "ended": dataclasses.asdict(ended)})


def outcome_from_json(queued: QueuedRun, text: str) -> Outcome:
    """The outcome of a run that :func:`outcome_to_json` wrote; raises :class:`InputError` for any other text."""
    try:
        values = json.loads(text)
        return Outcome(queued=queued, config=config_from_json(values["config"]), ended=Ended(**values["ended"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"This is not how a run ended ({error}): see the run's log.") from None
