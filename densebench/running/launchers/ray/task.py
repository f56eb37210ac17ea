"""What runs on a node of Ray: the task of one run, and the mailbox through which it is heard and stopped."""

import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Self

from densebench.events import Placed, to_line
from densebench.results import store
from densebench.running.launchers.protocol import outcome_from_json, queued_from_json
from densebench.running.launchers.ray.runner import OUTCOME

_RUNNER = "densebench.running.launchers.ray.runner"
_INTERVAL = 0.25  # seconds between two looks into the mailbox
Post = tuple[str, int, list[bytes]]  # name of the run, number of its start, events


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One start of a run, as it is sent to a node."""

    queued: str  # JSON
    name: str
    start: int  # 0 for the first
    folder: str  # the working directory of the command
    threads: str | None  # OMP_NUM_THREADS of the command: Ray sets its own


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a start of a run has come to; without an outcome its process was lost, or it was not begun."""

    outcome: str | None  # JSON
    row: bytes | None  # its results file, for a machine that does not share the folder
    where: str


class Mailbox:
    """An actor on the machine of the command: takes what tasks say, and answers whether they are to stop."""

    def __init__(self) -> None:
        self._posts: list[Post] = []
        self._signals: list[int] = []

    def post(self, name: str, start: int, lines: list[bytes]) -> list[int]:
        """Leave events of a run; returns the signals that the command was sent."""
        if lines:
            self._posts.append((name, start, lines))
        return self._signals

    def take(self) -> list[Post]:
        """What was left since the last call."""
        posts, self._posts = self._posts, []
        return posts

    def stop(self, number: int) -> None:
        """Pass a signal on to every run."""
        self._signals.append(number)


def do_errand(errand: Errand, mailbox: Any) -> Delivery:
    """Make the run in a process below this one, and pass its events on."""
    import ray

    os.makedirs(errand.folder, exist_ok=True)
    os.chdir(errand.folder)
    cards = ray.get_runtime_context().get_accelerator_ids()["GPU"]
    where = _describe_place(cards)

    wire = _Wire(errand, mailbox)
    wire.send(to_line(Placed(where=where)))
    with wire:
        if wire.signals:
            return Delivery(outcome=None, row=None, where=where)
        outcome = _run(errand, _make_environment(cards, errand.threads), wire)
    return Delivery(outcome=outcome, row=_read_row(errand, outcome), where=where)


class _Wire:
    """Takes events to the mailbox, and brings the signals that the command was sent.

    By a thread, and not only to look every now and then: while a task's main thread waits for Ray, Ray gives its cores
    to another task.
    """

    def __init__(self, errand: Errand, mailbox: Any) -> None:
        self.signals: list[int] = []
        self._errand, self._mailbox = errand, mailbox
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

    def send(self, line: bytes) -> None:
        """Leave an event, with its newline or without."""
        self._lines.put(line)

    def _carry(self) -> None:
        try:
            self._exchange()
            self._connected.set()
            while not self._ended.wait(_INTERVAL):
                self._exchange()
            self._exchange()
        finally:  # without the command's machine the task is ended by Ray
            self._connected.set()

    def _exchange(self) -> None:
        import ray

        lines = [self._lines.get() for _ in range(self._lines.qsize())]
        self.signals = ray.get(self._mailbox.post.remote(self._errand.name, self._errand.start, lines))


def _describe_place(cards: list[str]) -> str:
    host = socket.gethostname()
    return f"{host} GPU {', '.join(cards)}" if cards else host


def _make_environment(cards: list[str], threads: str | None) -> dict[str, str]:
    """That of the worker, with the cards that Ray has given and no others."""
    own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    own |= {"CUDA_VISIBLE_DEVICES": ",".join(cards), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return own if threads is None else own | {"OMP_NUM_THREADS": threads}


def _run(errand: Errand, environment: dict[str, str], wire: _Wire) -> str | None:
    """How the run ended, as JSON; ``None`` if the process that made it died."""
    passed = 0
    with _start(errand, environment) as runner:
        assert runner.stdout is not None
        for line in _read_lines(runner.stdout.fileno()):
            if line is not None and line.startswith(OUTCOME):
                return line.removeprefix(OUTCOME).decode()
            if line is not None:
                wire.send(line)
            for number in wire.signals[passed:]:
                passed += 1
                runner.send_signal(number)
    return None


@contextmanager
def _start(errand: Errand, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    runner = subprocess.Popen(
        [sys.executable, "-P", "-m", _RUNNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        process_group=0,
    )
    assert runner.stdin is not None
    try:
        with suppress(BrokenPipeError):  # it died at once
            runner.stdin.write(errand.queued.encode() + b"\n")
            runner.stdin.flush()
        yield runner
    finally:
        with suppress(BrokenPipeError):
            runner.stdin.close()  # which stops a run that still goes on
        runner.wait()


def _read_lines(descriptor: int) -> Iterator[bytes | None]:
    """The lines that come, and ``None`` after a while without any; until the end."""
    pending = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], _INTERVAL)
        chunk = os.read(descriptor, 1 << 16) if ready else None
        if chunk == b"":
            return
        *lines, pending = (pending + (chunk or b"")).split(b"\n")
        yield from lines
        if not lines:
            yield None


def _read_row(errand: Errand, outcome: str | None) -> bytes | None:
    if outcome is None:
        return None
    config = outcome_from_json(queued_from_json(errand.queued), outcome).config
    with suppress(OSError):
        return store.run_path(config.results_dir, config.run).read_bytes()
    return None
