"""What a run's process can be asked to do."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from densebench import config
from densebench.config import RunConfig
from densebench.errors import InputError


@dataclass(frozen=True, kw_only=True)
class TrainTask:
    """Train one variant with one seed."""

    config: RunConfig
    predicted_total_seconds: float | None = None  # for the record
    predicted_peak_bytes: float | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluateTask:
    """Evaluate a trained model on images of the configuration's dataset."""

    config: RunConfig
    source: str  # the run that was trained, or the model's file
    directory: str | None  # of the run
    model_file: str | None  # a .keras file; None: the newest checkpoint of the run
    preprocess: str | None  # as given; None: as the run did, or as the file's layers say
    held_out: bool  # evaluate on the images held out for validation, and not on the test images


@dataclass(frozen=True, kw_only=True)
class SpeedTask:
    """Measure training or inference steps on synthetic data in memory."""

    config: RunConfig
    inference: bool
    precision_target: float  # half width of the median's interval, as a fraction of it
    time_limit: float  # seconds


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """Train for some seconds on random images, as a training of the same configuration would on its own."""

    config: RunConfig
    time_limit: float  # seconds of the steps


Task = TrainTask | EvaluateTask | SpeedTask | TrialTask
_KINDS: dict[str, type[Task]] = {
    "train": TrainTask,
    "evaluate": EvaluateTask,
    "speed": SpeedTask,
    "trial": TrialTask,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_json(task: Task) -> str:
    """The task as one JSON document."""
    return json.dumps({"task": _NAMES[type(task)], **dataclasses.asdict(task)})


def from_json(text: str) -> Task:
    """The task that :func:`to_json` wrote; raises :class:`InputError` for any other text."""
    try:
        values: dict[str, Any] = json.loads(text)
        kind = _KINDS[values.pop("task")]
        return kind(**{**values, "config": config.from_json(json.dumps(values["config"]))})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"This is not a task of densebench ({error}): start a new run.") from None
