"""One run, struck down again and again, each time resumed, until it has ended; every file checked after every blow."""

import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from inspection import Found, Reference, final_differences, inspect, reference_of
from kills import Blow, dealt, drawn, place
from training_process import EPOCHS, NEW_RUN, RESUMED, Ending, Training, trained

MAX_BLOWS = 60  # in one chain; it is struck inside the same epoch again and again if chance will have it so


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One blow and what was found after it."""

    chain: int
    number: int
    kind: str
    at: str
    place: str
    code: int  # exit code of the parent; negative: the signal that killed it
    seconds: float  # of the start that it ended
    answered: float | None  # seconds from a signal to the end; unknown for one that was injected
    found: Found
    rows_lost: int
    checkpoints_lost: int
    status_untrue: bool
    resumed_exactly: bool = True  # what was made after it equals the uninterrupted run


@dataclass(frozen=True, kw_only=True)
class Chain:
    """All kills of one run, and where it differed in the end from the uninterrupted one."""

    kills: tuple[Kill, ...]
    seconds: float  # of the start that ended it
    wrong: tuple[str, ...]


def uninterrupted(folder: Path, backend: str) -> Reference:
    """The run that all others must equal."""
    kept = folder / "kept"
    kept.mkdir(parents=True)
    ending = trained(folder, (*NEW_RUN, "--backend", backend), fault=f"keep:{kept}")
    if ending.code:
        raise RuntimeError(f"the uninterrupted run failed: {ending.said}")
    return reference_of(folder, kept)


def run_chain(
    folder: Path, reference: Reference, *, backend: str, seed: str, number: int, may_strike: Callable[[], bool]
) -> Chain:
    """Strike until the run has ended in spite of it; ``may_strike`` is asked before every start."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    kills: list[Kill] = []
    before = Found()
    while True:
        strikes = len(kills) < MAX_BLOWS and may_strike()
        blow = drawn(chance, before.rows) if strikes else None
        training = Training(folder, _arguments(folder, backend), fault=blow.fault if blow else "")
        struck = blow is not None and dealt(training, blow)
        moment = time.monotonic()
        ending = training.end()
        if ending.code == 0 or not struck or blow is None:
            break
        answered = None if blow.fault else time.monotonic() - moment
        found = inspect(folder, reference)
        kills.append(_checked(blow, ending, before, found, chain=number, number=len(kills) + 1, answered=answered))
        before = found
    wrong = final_differences(folder, reference)
    wrong += [f"exit code {ending.code}: {ending.said[-300:]}"] if ending.code else []
    chain = Chain(kills=tuple(_judged(kills, exact=not wrong)), seconds=ending.seconds, wrong=tuple(wrong))
    if not wrong:
        shutil.rmtree(folder)
    return chain


def _arguments(folder: Path, backend: str) -> tuple[str, ...]:
    """A run that was killed before it had a directory was never begun."""
    begun = (folder / "runs" / "r" / "config.json").exists()
    return RESUMED if begun else (*NEW_RUN, "--backend", backend)


def _checked(
    blow: Blow, ending: Ending, before: Found, found: Found, *, chain: int, number: int, answered: float | None
) -> Kill:
    announced = max((int(epoch) for epoch in re.findall(rf"epoch (\d+)/{EPOCHS},", ending.said)), default=0)
    return Kill(
        chain=chain,
        number=number,
        kind=blow.kind,
        at=blow.at,
        place=place(blow, ending.said, found.torn, found.rows, found.checkpoint),
        code=ending.code,
        seconds=ending.seconds,
        answered=answered,
        found=found,
        rows_lost=max(0, max(before.rows, announced) - found.rows),
        checkpoints_lost=max(0, max(before.checkpoint, found.rows) - found.checkpoint),
        status_untrue=not _is_true(blow.kind, ending, found),
    )


def _is_true(kind: str, ending: Ending, found: Found) -> bool:
    """Whether the row and the exit code say what happened, where somebody was left to say it."""
    if ": started, " not in ending.said or found.status == "completed":
        return True  # too early for a row, or too late to change it
    if kind == "SIGKILL of both":
        return found.status == "running"
    if kind == "SIGKILL of child":
        return (found.status, ending.code) == ("failed", 1) and "was killed by SIGKILL" in ending.said
    asked = {"SIGTERM": signal.SIGTERM, "SIGTERM to both": signal.SIGTERM, "SIGINT": signal.SIGINT}
    code = 128 + asked[kind] if kind in asked else -signal.SIGKILL
    return (found.status, ending.code) == ("interrupted", code)


def _judged(kills: list[Kill], *, exact: bool) -> list[Kill]:
    """A kill was resumed exactly if what was found after the next one, and in the end, equals the uninterrupted run."""
    following = [kill.found for kill in kills[1:]]
    clean = [not (found.different or found.unreadable) for found in following] + [True]
    return [replace(kill, resumed_exactly=exact and fine) for kill, fine in zip(kills, clean, strict=False)]
