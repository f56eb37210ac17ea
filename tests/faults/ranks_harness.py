"""Kills, stops and cuts off the processes of runs over several of them at random moments; checks how each run ends.

    python tests/faults/ranks_harness.py torch --trials 30 --seed 1 --output torch.csv     # as root

Each trial disturbs one run: SIGKILL, SIGSEGV or SIGSTOP of one of its processes, SIGTERM or SIGINT to the densebench of
one host, or the link between its two hosts is cut. Hosts are network namespaces that share a folder. Then every command
must end within a minute, the row must say what happened and to which process, nothing may go on, each epoch in the row
must equal that of an undisturbed run bit for bit, and the checkpoint must be readable. Every third run is resumed.
"""

import argparse
import math
import random
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
from inspection import NEWEST, read_state
from network import open_network
from ranks_run import ASKING, CUT, RUN, SIGNALS, RanksRun, Setup, cut_link, find_hosts, send, start
from series import add_options, write_rows

from densebench.errors import LOST_CONTACT
from densebench.records import Run
from densebench.training.checkpoints.file import Damaged

SETUPS = {
    "jax": (Setup(backend="jax", hosts=2, devices=1, epochs=14),),
    "tensorflow": (Setup(backend="tensorflow", hosts=2, devices=1, epochs=14),),
    "torch": (
        Setup(backend="torch", hosts=1, devices=2, epochs=60),
        Setup(backend="torch", hosts=2, devices=1, epochs=60),
    ),
}
LIMIT_SECONDS = 60.0
CURVE = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
RESUMED_EVERY = 3
Row = dict[str, object]
Curve = list[tuple[float | None, ...]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done to a run, when and to whom; ``epochs`` are finished by then, and so many seconds have passed."""

    event: str
    target: int  # a rank, or for signals that ask a run to stop and for cut links a host
    epochs: int
    seconds: float
    resumed: Setup | None


def draw(setup: Setup, trial: int, seed: int) -> Plan:
    chance = random.Random(f"{setup.backend} {trial // len(SETUPS[setup.backend])} {seed}")
    events = [*SIGNALS, *ASKING, *([CUT] if setup.hosts > 1 else [])]
    rounds, index = divmod(trial // len(SETUPS[setup.backend]), len(events))
    random.Random(f"{setup} {rounds} {seed}").shuffle(events)
    event = events[index]
    resumed = chance.choice([setup, *(Setup(**{**vars(setup), "hosts": 1, "devices": devices}) for devices in (1, 2))])
    return Plan(
        event=event,
        target=chance.randrange(setup.ranks if event in SIGNALS else setup.hosts),
        epochs=0 if chance.random() < 0.15 else chance.randint(1, setup.epochs // 2),
        seconds=chance.uniform(0.0, 1.5),
        resumed=resumed if trial % RESUMED_EVERY == 0 else None,
    )


def train_undisturbed(setup: Setup, folder: Path, port: int) -> Curve:
    folder.mkdir()
    with start(setup, folder, port=port) as run:
        run.wait(600)
        return read_curve(run.read())


def read_curve(run: Run | None) -> Curve:
    return [] if run is None else [tuple(getattr(record, name) for name in CURVE) for record in run.records]


def try_once(setup: Setup, plan: Plan, folder: Path, expected: Curve, port: int) -> Row:
    """Disturb a run, and say how it ended; ``wrong`` has what should have been otherwise."""
    folder.mkdir()
    with ExitStack() as stack:
        run = stack.enter_context(start(setup, folder, port=port))
        if not run.wait_for(plan.epochs):
            return {"wrong": "the run ended before it was disturbed"}
        time.sleep(plan.seconds)
        workers = run.find_workers()
        before = len(read_curve(run.read()))
        if plan.event == CUT:
            stack.enter_context(cut_link(run.names[plan.target]))
        elif plan.event in SIGNALS:
            send(run, SIGNALS[plan.event], rank=plan.target)
        else:
            send(run, ASKING[plan.event], host=plan.target)
        ends = run.wait(LIMIT_SECONDS)
        left = sum(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in workers)
        found = run.read()
    wrong = [*check_end(setup, plan, run, found, ends), *check_files(folder, found, before, expected)]
    wrong += [f"{left} processes are left"] if left else []
    return {
        "moment": f"epoch {before + 1}",
        "seconds": " ".join(f"{seconds:.1f}" for seconds, _ in ends),
        "codes": " ".join(str(code) for _, code in ends),
        "status": found.status if found else "",
        "reason": found.reason if found else "",
        "epochs_kept": len(read_curve(found)),
        **(resume(plan.resumed, folder, expected, port, wrong) if plan.resumed else {}),
        "wrong": "; ".join(wrong),
    }


def check_end(
    setup: Setup, plan: Plan, run: RanksRun, found: Run | None, ends: Sequence[tuple[float, int | None]]
) -> list[str]:
    """What the commands and the row should have said."""
    wrong = [] if found else ["there is no row"]
    status, reason = (found.status, str(found.reason)) if found else ("", "")
    code, expected_status, words = 1, "failed", [LOST_CONTACT]
    if plan.event in SIGNALS:
        host = setup.find_host(plan.target)
        name = run.names[host] if setup.hosts > 1 else socket.gethostname()
        words = [f"Process {plan.target} of {setup.ranks}, on host {host} ({name})", plan.event]
    elif plan.event in ASKING:
        code, expected_status, words = 128 + ASKING[plan.event], "interrupted", [plan.event]
    if None in [each for _, each in ends]:
        wrong.append(f"a command did not end within {LIMIT_SECONDS:g} s")
    if any(each not in (code, None) for _, each in ends):
        wrong.append(f"not every exit code is {code}")
    if status != expected_status:
        wrong.append(f"the row does not say {expected_status}")
    return wrong + [f"the reason does not say {word!r}" for word in words if word not in reason]


def check_files(folder: Path, found: Run | None, before: int, expected: Curve) -> list[str]:
    """What is wrong with the row's epochs and with the checkpoint; the one that was running may have finished."""
    curve, wrong = read_curve(found), []
    if len(curve) > before + 1:
        wrong.append(f"it went on silently: {len(curve) - before} epochs more")
    if curve != expected[: len(curve)]:
        wrong.append("its rows are not those of the undisturbed run")
    if len(curve) < before:
        wrong.append("finished epochs are lost")
    try:
        epochs = read_state(folder / "runs" / RUN / NEWEST)[0].epoch
    except FileNotFoundError:
        epochs = 0
    except Damaged as error:
        return [*wrong, f"the checkpoint cannot be read: {error}"]
    return wrong if epochs - len(curve) in (0, 1) else [*wrong, f"the checkpoint is of epoch {epochs}"]


def resume(setup: Setup, folder: Path, expected: Curve, port: int, wrong: list[str]) -> Row:
    """Go on with a run on the devices of the setup; what differs from the undisturbed run is added to ``wrong``."""
    with start(setup, folder, "--resume", RUN, port=port + 1) as run:
        codes = [code for _, code in run.wait(300)]
        found = run.read()
    curve = read_curve(found)
    if set(codes) != {0} or found is None or found.status != "completed" or len(curve) != len(expected):
        wrong.append(f"resumed, it ended by {codes} after {len(curve)} epochs")
    losses = [(one[index], other[index]) for one, other in zip(curve, expected, strict=False) for index in (0, 2)]
    off = max((abs(a - b) / b for a, b in losses if a is not None and b), default=math.inf)
    if off > 1e-2:
        wrong.append(f"resumed, a loss is off by {off:.1e}")
    return {"resumed_on": f"{setup.hosts} x {setup.devices}", "loss_off": f"{off:.1e}"}


HEADER = ("trial", "backend", "hosts", "devices", "event", "target", "moment", "seconds", "codes", "status", "reason")
HEADER += ("epochs_kept", "resumed_on", "loss_off", "wrong")


def main() -> int:
    """Make the trials; 0 if nothing was wrong in any."""
    options = _parse_options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="densebench-ranks-")).resolve()
    folder.mkdir(exist_ok=True)
    setups, rows = SETUPS[options.backend], []
    port = 29500
    needs_network = any(setup.hosts > 1 for setup in setups)
    with open_network(find_hosts(options.backend)) if needs_network else nullcontext():
        expected = {setup: train_undisturbed(setup, folder / f"whole-{setup.hosts}", port) for setup in setups}
        assert all(len(curve) == setup.epochs for setup, curve in expected.items())
        for trial in range(options.trials):
            setup = setups[trial % len(setups)]
            plan, port = draw(setup, trial, options.seed), port + 2
            row = {"trial": trial, "backend": setup.backend, "hosts": setup.hosts, "devices": setup.devices}
            row |= {"event": plan.event, "target": plan.target}
            rows.append(row | try_once(setup, plan, folder / f"trial-{trial}", expected[setup], port))
            print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
            if options.output:
                write_rows(Path(options.output), HEADER, rows)
    good = sum(not row["wrong"] for row in rows)
    print(f"{good} of {len(rows)} as they should be; kept in {folder}")
    return 0 if good == len(rows) else 1


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backend", choices=SETUPS)
    parser.add_argument("--trials", type=int, default=30)
    add_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
