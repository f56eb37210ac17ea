"""Runs the parts of ``gpu.py`` in turn, each in its own process and for a limited time; each becomes a row."""

import contextlib
import csv
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import psutil

ROOT = Path(__file__).resolve().parents[1]
GRACE_SECONDS = 12.0  # for a part to end by itself once it was asked to
LEAST_SECONDS = 20.0  # with less left, a part is not begun unless it needs less

Status = Literal["done", "unfinished", "failed", "timed out", "not reached"]


class PartFailed(Exception):
    """What a part did was not what it is for; the message is the reason."""


class PartUnfinished(Exception):
    """A part has come as far as its time allowed, and goes on from there when it is run again."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A process that has ended by itself, or because it was asked to."""

    code: int
    stdout: str
    stderr: str


def require_success(ended: Ended) -> str:
    """Nothing to add; raises :class:`PartFailed` with the last words of a process that failed."""
    if ended.code != 0:
        raise PartFailed(find_last_words(ended))
    return ""


def find_last_words(ended: Ended) -> str:
    """The last line that a process has written, with its exit code."""
    lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    return f"{lines[-1].strip() if lines else 'no output'} (exit code {ended.code})"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One measurement of a stage."""

    name: str  # of its logs too
    command: Callable[[float], Sequence[str]]  # arguments of Python, from the seconds that it will be given
    judge: Callable[[Ended], str] = require_success  # what came of it, in words; raises PartFailed, PartUnfinished
    seconds: float  # it is stopped then


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """A row of ``parts.csv``."""

    stage: int
    part: str
    status: Status
    seconds: float
    result: str  # in words, or the reason
    command: str


def append_row(path: Path, row: Any) -> None:
    """Append a dataclass to a CSV at once, with a header if the file is new."""
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(row)], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(asdict(row))


class Journal:
    """``parts.csv``: what has been tried so far, and what has come of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[tuple[str, str, str]] = []  # stage, part, status
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                self._rows = [(row["stage"], row["part"], row["status"]) for row in csv.DictReader(file)]

    def is_done(self, stage: int, part: str) -> bool:
        """Whether a part needs no further try."""
        return (str(stage), part, "done") in self._rows

    def count_tries(self, stage: int, part: str) -> int:
        """How often a part was begun."""
        return sum(row[:2] == (str(stage), part) and row[2] != "not reached" for row in self._rows)

    def enter(self, row: PartRow) -> None:
        """Write a row at once."""
        append_row(self._path, row)
        self._rows.append((str(row.stage), row.part, row.status))


def run_stage(
    stage: int,
    parts: Sequence[Part],
    folder: Path,
    limit_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[PartRow]:
    """Try every part that is not done yet, the least tried ones first, until the time is up; a row each.

    No failure ends it. Every row is in ``parts.csv`` before the next part begins.
    """
    deadline = clock() + limit_seconds
    journal = Journal(folder / "parts.csv")
    left_to_do = [part for part in parts if not journal.is_done(stage, part.name)]
    for part in sorted(left_to_do, key=lambda part: journal.count_tries(stage, part.name)):
        seconds = min(part.seconds, deadline - clock() - GRACE_SECONDS)
        if seconds < min(part.seconds, LEAST_SECONDS):
            row = _make_row(stage, part, "not reached", 0, "the stage's time was up")
        else:
            row = _try(stage, part, folder, seconds)
        journal.enter(row)
        yield row


def _try(stage: int, part: Part, folder: Path, seconds: float) -> PartRow:
    start = time.monotonic()
    command: Sequence[str] = ()
    status: Status
    try:
        command = part.command(seconds)
        status, result = "done", part.judge(_run(command, folder / "logs" / f"{stage}-{part.name}", seconds))
    except subprocess.TimeoutExpired:
        status, result = "timed out", f"stopped after {seconds:.0f} s"
    except PartUnfinished as how_far:
        status, result = "unfinished", str(how_far)
    except PartFailed as reason:
        status, result = "failed", str(reason)
    except Exception as error:  # also of reading what a part has written: no part ends the stage
        status, result = "failed", f"{type(error).__name__}: {error}"
    return _make_row(stage, part, status, time.monotonic() - start, result, shlex.join(["python", *command]))


def _make_row(stage: int, part: Part, status: Status, seconds: float, result: str, command: str = "") -> PartRow:
    words = " ".join(result.split())
    return PartRow(stage=stage, part=part.name, status=status, seconds=round(seconds, 1), result=words, command=command)


def _run(command: Sequence[str], log: Path, seconds: float) -> Ended:
    """Run Python with these arguments; raises :class:`subprocess.TimeoutExpired` once all of it is stopped."""
    log.parent.mkdir(parents=True, exist_ok=True)
    paths = [str(ROOT), str(ROOT / "benchmarks"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    out, err = log.with_suffix(".out"), log.with_suffix(".err")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        finally:
            _stop(process)
    return Ended(code=code, stdout=_read(out), stderr=_read(err))


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process that still runs to end; then end all of its session, for a run has a process group of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS - 2)
    for number in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(number) == process.pid:
                os.kill(number, signal.SIGKILL)
    process.wait()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
