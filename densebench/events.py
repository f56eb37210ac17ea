"""What travels from a run's process to its parent: one line of JSON an event."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from densebench.errors import RunFailed
from densebench.records import EpochRecord, Status

MAX_LINE = 1 << 20  # bytes; an event is a few hundred


@dataclass(frozen=True, kw_only=True)
class Started:
    """The model stands and the first step is about to run."""

    run: str
    variant: str
    params: int
    epochs: int
    steps: int
    first_epoch: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The newest finished step, at most ten times a second."""

    epoch: int
    step: int
    steps: int
    loss: float | None
    accuracy: float | None
    images_per_second: float | None


@dataclass(frozen=True, kw_only=True)
class EpochEnded:
    """An epoch is on disk."""

    record: EpochRecord


@dataclass(frozen=True, kw_only=True)
class Message:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A download or a decoding goes on: units done of the total, where it is known."""

    what: str
    done: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The last event: how the run ended."""

    status: Status
    reason: str | None
    exit_code: int


Event = Started | Progress | EpochEnded | Message | Transfer | Ended
_KINDS: dict[str, type[Event]] = {
    "started": Started,
    "progress": Progress,
    "epoch": EpochEnded,
    "message": Message,
    "transfer": Transfer,
    "ended": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_line(event: Event) -> bytes:
    """The event as one line of JSON, with its newline."""
    return json.dumps({"event": _NAMES[type(event)], **dataclasses.asdict(event)}).encode() + b"\n"


def from_line(line: bytes) -> Event:
    """The event of a line; raises :class:`RunFailed` if it is none."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("event")]
        if kind is EpochEnded:
            values["record"] = EpochRecord(**values["record"])
        return kind(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunFailed(
            f"The run's process sent {line[:80]!r}, which is no event: see the run's log, and run it again."
        ) from None
