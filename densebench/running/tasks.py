"""What a run's process can be asked to do."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from densebench import config
from densebench.config import RunConfig
from densebench.errors import InputError
from densebench.training.parallel.hosts import THIS_HOST, Host
from densebench.training.parallel.layout import ALONE, Layout


@dataclass(frozen=True, kw_only=True)
class TrainTask:
    """Train one variant with one seed."""

    config: RunConfig
    host: Host = THIS_HOST
    predicted_total_seconds: float | None = None  # for the record
    predicted_peak_bytes: float | None = None
    launcher: str = "loop"  # for the record
    is_restart: bool = False  # by the launcher, after the run was lost or preempted


@dataclass(frozen=True, kw_only=True)
class EvaluateTask:
    """Evaluate a trained model on images of the configuration's dataset."""

    config: RunConfig
    host: Host = THIS_HOST
    source: str  # the run that was trained, or the model's file
    directory: str | None  # of the run
    model_file: str | None  # a .keras file; None: the newest checkpoint of the run
    preprocess: str | None  # as given; None: as the run did, or as the file's layers say
    held_out: bool  # evaluate on the images held out for validation, and not on the test images
    test_time_flip: bool = False  # average the answers to each image and to its mirror image


@dataclass(frozen=True, kw_only=True)
class SpeedTask:
    """Measure training or inference steps on synthetic data in memory."""

    config: RunConfig
    host: Host = THIS_HOST
    inference: bool
    precision_target: float  # half width of the median's interval, as a fraction of it
    time_limit: float  # seconds
    energy: bool  # whether the steps last long enough for a certain energy


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """Train for some seconds on random images, as a training of the same configuration would on its own."""

    config: RunConfig
    host: Host = THIS_HOST
    time_limit: float  # seconds of the steps


Task = TrainTask | EvaluateTask | SpeedTask | TrialTask
_KINDS: dict[str, type[Task]] = {
    "train": TrainTask,
    "evaluate": EvaluateTask,
    "speed": SpeedTask,
    "trial": TrialTask,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_json(task: Task, layout: Layout = ALONE) -> str:
    """The task and what the process drives as one JSON document."""
    return json.dumps({"task": _NAMES[type(task)], "layout": dataclasses.asdict(layout), **dataclasses.asdict(task)})


def from_json(text: str) -> tuple[Task, Layout]:
    """What :func:`to_json` was given; raises :class:`InputError` for any other text."""
    try:
        values: dict[str, Any] = json.loads(text)
        kind, layout, host = _KINDS[values.pop("task")], values.pop("layout"), values.pop("host")
        task = kind(
            **{
                **values,
                "config": config.from_json(json.dumps(values["config"])),
                "host": Host(**{**host, "addresses": tuple(host["addresses"])}),
            }
        )
        return task, Layout(**{**layout, "addresses": tuple(layout["addresses"])})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"This is not a task of densebench ({error}): start a new run.") from None
