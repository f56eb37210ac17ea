"""Kills training runs at random and counts what was lost.

    python tests/faults/harness.py --kills 200 --seed 0 --backend tensorflow --output reliability.csv

A small network is first trained once without interruption. Then chains of starts: the same run is started, killed at a
random moment or at a point inside one of its writes, checked file by file and resumed, until it completes. Its rows,
checkpoints and weights must then equal those of the uninterrupted run bit for bit.
"""

import argparse
import csv
import itertools
import statistics
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chain import Chain, KillResult, run_chain, run_uninterrupted
from kills import AFTER, BEFORE, CHECKPOINT, CSV, EPOCH

GENTLE = ("SIGTERM", "SIGTERM to both", "SIGINT")
HEADER = (
    *("backend", "seed", "chain", "kill", "kind", "at", "place", "exit_code", "status", "rows", "newest", "previous"),
    *("torn", "rows_lost", "checkpoints_lost", "unreadable", "status_untrue", "resumed_exactly", "seconds"),
    "answered_seconds",
)


class Budget:
    """The number of kills left, shared by the chains that run in parallel."""

    def __init__(self, kills: int) -> None:
        self._left = kills
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more start may be killed."""
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def give_back(self) -> None:
        """Return a kill: a start ended before it could be killed."""
        with self._lock:
            self._left += 1

    @property
    def is_spent(self) -> bool:
        """Whether no kill is left."""
        return self._left <= 0


def main() -> int:
    """Run the harness; 0 if nothing was lost."""
    options = _parse_options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="densebench-faults-")).resolve()
    reference = run_uninterrupted(folder / "uninterrupted", options.backend)
    print(f"uninterrupted: {len(reference.states)} epochs, variables {reference.states[-1][:16]}", flush=True)
    budget, numbers = Budget(options.kills), itertools.count(1)

    def run_chains() -> list[Chain]:
        finished = []
        while not budget.is_spent:
            number = next(numbers)
            share = ChainShare(budget)
            chain = run_chain(
                folder / f"chain-{number}",
                reference,
                backend=options.backend,
                seed=f"{options.seed}-{number}",
                number=number,
                may_kill=share.take,
            )
            share.settle(len(chain.kills))
            finished.append(chain)
            print(f"chain {number}: {len(chain.kills)} kills, {'; '.join(chain.wrong) or 'exact'}", flush=True)
        return finished

    done: list[Chain] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        while not budget.is_spent:  # a run that ended too early gives kills back
            done += [chain for job in [pool.submit(run_chains) for _ in range(options.jobs)] for chain in job.result()]
    done.sort(key=lambda chain: chain.kills[0].chain if chain.kills else 0)
    if options.output:
        _write(Path(options.output), options, [kill for chain in done for kill in chain.kills])
    print("\n".join(summarise(done)))
    return 0 if _is_clean(done) else 1


class ChainShare:
    """The part of the budget that one chain has taken."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self._count = budget, 0

    def take(self) -> bool:
        """Whether one more start may be killed."""
        took = self._budget.take()
        self._count += took
        return took

    def settle(self, kills: int) -> None:
        """Give back what was taken for starts that ended before they were killed."""
        for _ in range(self._count - kills):
            self._budget.give_back()


def summarise(chains: Sequence[Chain]) -> Iterator[str]:
    """Yield the figures as lines of Markdown."""
    kills = [kill for chain in chains for kill in chain.kills]
    places = (BEFORE, EPOCH, CHECKPOINT, CSV, AFTER)
    count = Counter((kill.kind, kill.place) for kill in kills)
    yield f"| kills | {' | '.join(places)} | all |"
    yield "|---" * (len(places) + 2) + "|"
    for kind in sorted({kill.kind for kill in kills}):
        row = [count[kind, where] for where in places]
        yield f"| {kind} | {' | '.join(map(str, row))} | {sum(row)} |"
    totals = [sum(count[kind, where] for kind in {kill.kind for kill in kills}) for where in places]
    yield f"| all | {' | '.join(map(str, totals))} | {len(kills)} |"
    yield ""
    yield f"- chains: {len(chains)}, ended equal to the uninterrupted run: {sum(not chain.wrong for chain in chains)}"
    yield f"- rows of finished epochs lost: {sum(kill.rows_lost for kill in kills)}"
    yield f"- checkpoints lost: {sum(kill.checkpoints_lost for kill in kills)}"
    yield f"- unreadable files: {sum(len(kill.found.unreadable) for kill in kills)}"
    yield f"- half-written files left beside the real ones, all removed by the next start: {_count_torn(kills)}"
    yield f"- rows or exit codes that did not say what happened: {sum(kill.status_untrue for kill in kills)}"
    yield f"- exact resumes: {sum(kill.resumed_exactly for kill in kills)} of {len(kills)}"
    answers = [kill.answered for kill in kills if kill.kind in GENTLE and kill.place == EPOCH and kill.answered]
    if answers:
        yield (
            f"- from a signal inside an epoch to the end of both processes: median {statistics.median(answers):.2f} s, "
            f"longest {max(answers):.2f} s of {len(answers)}"
        )
    seconds = [kill.seconds for kill in kills] + [chain.seconds for chain in chains]
    yield f"- starts: {len(seconds)}, mean {sum(seconds) / max(len(seconds), 1):.1f} s"


def _count_torn(kills: Sequence[KillResult]) -> int:
    return sum(len(kill.found.torn) for kill in kills)


def _is_clean(chains: Sequence[Chain]) -> bool:
    kills = [kill for chain in chains for kill in chain.kills]
    lost = sum(kill.rows_lost + kill.checkpoints_lost + kill.status_untrue for kill in kills)
    return not lost and all(kill.resumed_exactly and not kill.found.unreadable for kill in kills)


def _write(path: Path, options: argparse.Namespace, kills: Sequence[KillResult]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((options.backend, options.seed, *_make_cells(kill)) for kill in kills)


def _make_cells(kill: KillResult) -> tuple[object, ...]:
    found = kill.found
    return (
        *(kill.chain, kill.number, kill.kind, kill.at, kill.place, kill.code, found.status, found.rows),
        *(found.newest, found.previous, len(found.torn), kill.rows_lost, kill.checkpoints_lost),
        *(len(found.unreadable), int(kill.status_untrue), int(kill.resumed_exactly), f"{kill.seconds:.1f}"),
        "" if kill.answered is None else f"{kill.answered:.2f}",
    )


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", help="where the runs are written; chains that went wrong are kept")
    parser.add_argument("--output", help="a CSV with one row per kill")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
