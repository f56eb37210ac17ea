"""Plays all scenarios of the fault tests, two at a time: ``play.py BACKEND KILLS FOLDER`` leaves the outcome of each.

Runs that are killed while they write train on the backend KILLS, the others on BACKEND.
"""

import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))  # background

import scenarios
from background import leave
from chain import run_uninterrupted
from inspection import Reference
from scenarios import CHECKPOINT_POINTS, ROW_POINTS, STEP_POINTS, Scenario

SCENARIOS: dict[str, Callable[[Scenario], Any]] = {
    "faults": scenarios.inject_faults,
    "checkpoint": scenarios.kill_at(CHECKPOINT_POINTS),
    "signals": scenarios.send_signals,
    "row": scenarios.kill_at(ROW_POINTS),
    "step": scenarios.kill_at(STEP_POINTS),
    "skip-completed": scenarios.skip_completed,
    "removed-directory": scenarios.remove_directory,
    "diverging": scenarios.diverge,
}
OF_KILLS = ("checkpoint", "row", "step", "skip-completed")


def main() -> None:
    """Each scenario runs in its own folder; one that raises ends the process with its traceback."""
    backend, kills, results = sys.argv[1:]
    folder = Path(results).with_name("runs")
    folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        references = {
            each: pool.submit(run_uninterrupted, folder / f"uninterrupted-{each}", each)
            for each in dict.fromkeys((backend, kills))
        }
        running = []
        for name in SCENARIOS:
            its = kills if name in OF_KILLS else backend
            running.append(pool.submit(_play, name, folder, references[its], its, Path(results)))
        for future in running:
            future.result()


def _play(name: str, folder: Path, reference: "Future[Reference]", backend: str, results: Path) -> None:
    outcome = SCENARIOS[name](Scenario(folder / name, reference, backend))
    leave(results, name, pickle.dumps(outcome))


main()
