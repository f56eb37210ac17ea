"""What runs on a node of Ray: the task of one run, and the mailbox through which it is heard and stopped."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from types import FrameType
from typing import Any, Self

from densebench.events import Event, Placed, to_line
from densebench.results import store
from densebench.running.launchers.protocol import outcome_from_json, outcome_to_json, queued_from_json
from densebench.running.launchers.starting import make_run_or_fail
from densebench.running.launchers.variables import set_variables

_INTERVAL = 0.25  # seconds between two looks into the mailbox
EventBatch = tuple[str, int, list[bytes]]  # name of the run, number of its start, events


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """One start of a run, as it is sent to a node."""

    queued: str  # JSON
    name: str
    start: int  # 0 for the first
    folder: str  # the working directory of the command
    threads: str | None  # OMP_NUM_THREADS of the command: Ray sets its own


@dataclass(frozen=True, kw_only=True)
class StartResult:
    """What a start of a run has come to; without an outcome it was not begun, because the command was stopped."""

    outcome: str | None  # JSON
    row: bytes | None  # its results file, for a machine that does not share the folder
    where: str


class Mailbox:
    """An actor on the machine of the command: takes what tasks say, and answers whether they are to stop."""

    def __init__(self) -> None:
        self._batches: list[EventBatch] = []
        self._signals: list[int] = []

    def post(self, name: str, start: int, lines: list[bytes]) -> list[int]:
        """Leave events of a run; returns the signals that the command was sent."""
        if lines:
            self._batches.append((name, start, lines))
        return self._signals

    def take(self) -> list[EventBatch]:
        """What was left since the last call."""
        batches, self._batches = self._batches, []
        return batches

    def stop(self, number: int) -> None:
        """Pass a signal on to every run."""
        self._signals.append(number)


def make_requested_run(request: StartRequest, mailbox: Any) -> StartResult:
    """Make the run, as ``train`` does, and pass its events on. Ray calls it in the main thread of a worker."""
    import ray

    os.makedirs(request.folder, exist_ok=True)
    os.chdir(request.folder)
    cards = ray.get_runtime_context().get_accelerator_ids()["GPU"]
    where = _describe_place(cards)

    wire = _Wire(request, mailbox)
    wire.send(Placed(where=where))
    with wire:
        if wire.signals:
            return StartResult(outcome=None, row=None, where=where)
        with set_variables(_list_variables(cards, request.threads)), _unblocked_signals(wire):
            outcome = outcome_to_json(*make_run_or_fail(queued_from_json(request.queued), wire.send))
    return StartResult(outcome=outcome, row=_read_row(request, outcome), where=where)


class _Wire:
    """Takes events to the mailbox, and brings the signals that the command was sent.

    By a thread, and not only to look every now and then: while a task's main thread waits for Ray, Ray gives its cores
    to another task.
    """

    def __init__(self, request: StartRequest, mailbox: Any) -> None:
        self.signals: list[int] = []
        self._early: list[int] = []
        self._passed = 0
        self._request, self._mailbox = request, mailbox
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._connected, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        """The signals that came before are known when this returns."""
        self._thread.start()
        self._connected.wait()
        return self

    def __exit__(self, *error: object) -> None:
        """Every event has arrived when this returns."""
        self._ended.set()
        self._thread.join()

    def send(self, event: Event) -> None:
        """Leave an event."""
        self._lines.put(to_line(event))

    def note(self, number: int, frame: FrameType | None) -> None:
        """The handler of a signal for which no run's process is there yet: it is sent once more."""
        self._early.append(number)

    def _carry(self) -> None:
        try:
            self._exchange()
            self._connected.set()
            while not self._ended.wait(_INTERVAL):
                self._exchange()
                self._pass_on()
            self._exchange()
        finally:  # without the command's machine the task is ended by Ray
            self._connected.set()

    def _exchange(self) -> None:
        import ray

        lines = [self._lines.get() for _ in range(self._lines.qsize())]
        self.signals = ray.get(self._mailbox.post.remote(self._request.name, self._request.start, lines))

    def _pass_on(self) -> None:
        """Send new signals to this process: its main thread passes them on to the run."""
        early, self._early = self._early, []
        for number in [*early, *self.signals[self._passed :]]:
            os.kill(os.getpid(), number)
        self._passed = len(self.signals)


def _describe_place(cards: list[str]) -> str:
    host = socket.gethostname()
    return f"{host} GPU {', '.join(cards)}" if cards else host


def _list_variables(cards: list[str], threads: str | None) -> dict[str, str | None]:
    """The cards that Ray has given and no others, and not Ray's number of threads."""
    return {"CUDA_VISIBLE_DEVICES": ",".join(cards), "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "OMP_NUM_THREADS": threads}


@contextmanager
def _unblocked_signals(wire: _Wire) -> Iterator[None]:
    """Ray blocks SIGINT in its workers, and what they start would inherit that."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: signal.signal(number, wire.note) for number in numbers}
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _read_row(request: StartRequest, outcome: str) -> bytes | None:
    config = outcome_from_json(queued_from_json(request.queued), outcome).config
    with suppress(OSError):
        return store.run_path(config.results_dir, config.run).read_bytes()
    return None
