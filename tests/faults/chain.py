"""One run, killed and resumed repeatedly until it has ended; every file is checked after every kill."""

import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from inspection import Found, Reference, find_final_differences, inspect, read_reference
from kills import PlannedKill, carry_out, draw_kill, locate
from training_process import EPOCHS, NEW_RUN, RESUMED, Ending, Training, train

MAX_KILLS = 60  # in one chain, because chance may kill a run in the same epoch many times


@dataclass(frozen=True, kw_only=True)
class KillResult:
    """One kill and what was found after it."""

    chain: int
    number: int
    kind: str
    at: str
    place: str
    code: int  # exit code of the parent; negative: the signal that killed it
    seconds: float  # that the killed start had run
    answered: float | None  # seconds from the signal to the end; unknown for an injected kill
    found: Found
    rows_lost: int
    checkpoints_lost: int
    status_untrue: bool
    resumed_exactly: bool = True  # what the run did afterwards equals the uninterrupted run


@dataclass(frozen=True, kw_only=True)
class Chain:
    """All kills of one run, and where it differed in the end from the uninterrupted one."""

    kills: tuple[KillResult, ...]
    seconds: float  # of the last start, which completed it
    wrong: tuple[str, ...]


def run_uninterrupted(folder: Path, backend: str) -> Reference:
    """Train the run that all others must equal."""
    kept = folder / "kept"
    kept.mkdir(parents=True)
    ending = train(folder, (*NEW_RUN, "--backend", backend), fault=f"keep:{kept}")
    if ending.code:
        raise RuntimeError(f"the uninterrupted run failed: {ending.stderr}")
    return read_reference(folder, kept)


def run_chain(
    folder: Path, reference: Reference, *, backend: str, seed: str, number: int, may_kill: Callable[[], bool]
) -> Chain:
    """Kill and resume the run until it completes; ``may_kill`` is called before every start."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    kills: list[KillResult] = []
    before = Found()
    while True:
        planned = draw_kill(chance, before.rows) if len(kills) < MAX_KILLS and may_kill() else None
        training = Training(folder, _make_arguments(folder, backend), fault=planned.fault if planned else "")
        killed = planned is not None and carry_out(training, planned)
        moment = time.monotonic()
        ending = training.end()
        if ending.code == 0 or not killed or planned is None:
            break
        answered = None if planned.fault else time.monotonic() - moment
        found = inspect(folder, reference)
        kills.append(
            _check_kill(planned, ending, before, found, chain=number, number=len(kills) + 1, answered=answered)
        )
        before = found
    wrong = find_final_differences(folder, reference)
    wrong += [f"exit code {ending.code}: {ending.stderr[-300:]}"] if ending.code else []
    chain = Chain(kills=tuple(_mark_exact(kills, exact=not wrong)), seconds=ending.seconds, wrong=tuple(wrong))
    if not wrong:
        shutil.rmtree(folder)
    return chain


def _make_arguments(folder: Path, backend: str) -> tuple[str, ...]:
    """Resume the run, or start it if it was killed before it had a directory."""
    begun = (folder / "runs" / "r" / "config.json").exists()
    return RESUMED if begun else (*NEW_RUN, "--backend", backend)


def _check_kill(
    planned: PlannedKill,
    ending: Ending,
    before: Found,
    found: Found,
    *,
    chain: int,
    number: int,
    answered: float | None,
) -> KillResult:
    announced = max((int(epoch) for epoch in re.findall(rf"epoch (\d+)/{EPOCHS},", ending.stderr)), default=0)
    return KillResult(
        chain=chain,
        number=number,
        kind=planned.kind,
        at=planned.at,
        place=locate(planned, ending.stderr, found.torn, found.rows, found.checkpoint),
        code=ending.code,
        seconds=ending.seconds,
        answered=answered,
        found=found,
        rows_lost=max(0, max(before.rows, announced) - found.rows),
        checkpoints_lost=max(0, max(before.checkpoint, found.rows) - found.checkpoint),
        status_untrue=not _is_status_true(planned.kind, ending, found),
    )


def _is_status_true(kind: str, ending: Ending, found: Found) -> bool:
    """Whether the row and the exit code say what happened, if a process was left that could write it."""
    if ": started, " not in ending.stderr or found.status == "completed":
        return True  # too early for a row, or too late to change it
    if kind == "SIGKILL of both":
        return found.status == "running"
    if kind == "SIGKILL of child":
        return (found.status, ending.code) == ("failed", 1) and "was killed by SIGKILL" in ending.stderr
    asked = {"SIGTERM": signal.SIGTERM, "SIGTERM to both": signal.SIGTERM, "SIGINT": signal.SIGINT}
    code = 128 + asked[kind] if kind in asked else -signal.SIGKILL
    return (found.status, ending.code) == ("interrupted", code)


def _mark_exact(kills: list[KillResult], *, exact: bool) -> list[KillResult]:
    """A resume is exact if what the next kill left, and the final result, equal the uninterrupted run."""
    following = [kill.found for kill in kills[1:]]
    clean = [not (found.different or found.unreadable) for found in following] + [True]
    return [replace(kill, resumed_exactly=exact and fine) for kill, fine in zip(kills, clean, strict=False)]
