"""What happens in a run: yielded by its training, sent by its process as one line of JSON each, shown by a view."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal

from densebench.records import EpochRecord, Status

_SIGNALLED = 128  # exit codes above it are a signal's
MAX_LINE = 1 << 20  # bytes; an event is a few hundred
Stage = Literal["compiling", "evaluating"]
PROGRESS_INTERVAL = 0.1  # seconds that lie between two Progress, or two Transfer, at least


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A launcher has given the run a place: its process is about to start there."""

    where: str  # host and cards


@dataclass(frozen=True, kw_only=True)
class Requeued:
    """The run's process is lost or was preempted; the run waits for another place."""

    reason: str  # a sentence


@dataclass(frozen=True, kw_only=True)
class Started:
    """The network is built and the first step is about to run."""

    run: str
    variant: str
    params: int | None
    epochs: int
    steps: int | None  # in an epoch
    first_epoch: int  # above 1 in a resumed run


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The newest finished step; loss and accuracy are means over the epoch so far.

    A speed measurement, which ends by the clock, counts tenths of a second instead of steps.
    """

    epoch: int
    step: int
    steps: int
    loss: float | None
    accuracy: float | None  # a fraction
    images_per_second: float | None  # of this epoch so far, without its first step


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The first step is done: what it took until then, in seconds; ``None`` where the backend does not show it."""

    build_seconds: float
    trace_seconds: float | None
    compile_seconds: float | None
    first_step_seconds: float | None  # with trace and compile


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What begins now besides steps, and ends with the next event but a warning or a message."""

    stage: Stage


@dataclass(frozen=True, kw_only=True)
class EpochEnded:
    """An epoch is finished; on disk too, once its run's process has sent this."""

    record: EpochRecord


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something that a reader of the run's figures must know: it is written into the run's row too."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How far a download or a decoding is, in bytes or images; finished when ``done == total``."""

    what: str
    done: int
    total: int | None  # None: not known


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The last event: how the run ended."""

    status: Status
    reason: str | None
    exit_code: int

    @property
    def signal_number(self) -> int:
        """The signal that ended it; 0 if none did."""
        return max(0, self.exit_code - _SIGNALLED)


Event = Placed | Requeued | Started | Progress | Ready | Entered | EpochEnded | Warned | Message | Transfer | Ended
_KINDS: dict[str, type[Event]] = {
    "placed": Placed,
    "requeued": Requeued,
    "started": Started,
    "progress": Progress,
    "ready": Ready,
    "entered": Entered,
    "epoch": EpochEnded,
    "warned": Warned,
    "message": Message,
    "transfer": Transfer,
    "ended": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_line(event: Event) -> bytes:
    """The event as one line of JSON, with its newline."""
    return json.dumps({"event": _NAMES[type(event)], **dataclasses.asdict(event)}).encode() + b"\n"


def from_line(line: bytes) -> Event:
    """The event of a line; any other line, such as one torn by a kill, is a message that quotes it."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("event")]
        if kind is EpochEnded:
            values["record"] = EpochRecord(**values["record"])
        return kind(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Message(text=f"The run's process sent {line[:80]!r}, which is not an event: see the run's log.")
