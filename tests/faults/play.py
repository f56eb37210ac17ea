"""Plays all scenarios of the fault tests, two at a time: ``play.py BACKEND FOLDER`` leaves the outcome of each."""

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


def main() -> None:
    """Each scenario runs in its own folder; one that raises ends the process with its traceback."""
    backend, results = sys.argv[1:]
    folder = Path(results).with_name("runs")
    folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        reference = pool.submit(run_uninterrupted, folder / "uninterrupted", backend)
        running = [pool.submit(_play, name, folder, reference, backend, Path(results)) for name in SCENARIOS]
        for future in running:
            future.result()


def _play(name: str, folder: Path, reference: "Future[Reference]", backend: str, results: Path) -> None:
    outcome = SCENARIOS[name](Scenario(folder / name, reference, backend))
    leave(results, name, pickle.dumps(outcome))


main()
