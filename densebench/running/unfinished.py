"""Rows that still say ``running`` although no process is left: after a kill or a power cut, or on a full disk."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from densebench.config import RUNS_DIR, fingerprint, from_json
from densebench.errors import DensebenchError
from densebench.records import Run
from densebench.running.directory import CONFIG_FILE, run_directory
from densebench.running.directory_lock import is_in_use

_REASON = "It ended without saying so: no process has it locked."


def mark_interrupted(runs: Sequence[Run], paths: Sequence[str | Path]) -> list[Run]:
    """The runs of these files and folders, those that say ``running`` as ``interrupted`` where nobody works on them.

    A run's directory is looked for in ``runs/`` here and beside the folder of results; elsewhere a row says what it
    says.
    """
    places = {Path(RUNS_DIR), *(_find_folder(Path(path)).parent / RUNS_DIR for path in paths)}
    return [_mark(run, places) if run.status == "running" else run for run in runs]


def _find_folder(path: Path) -> Path:
    path = path.absolute()
    return path if path.is_dir() else path.parent


def _mark(run: Run, places: set[Path]) -> Run:
    for place in places:
        try:
            directory = run_directory(place, run.run)
            config = from_json((directory / CONFIG_FILE).read_text())
            if fingerprint(config) == run.fingerprint and not is_in_use(directory):
                return dataclasses.replace(run, status="interrupted", reason=_REASON)
        except (OSError, ValueError, DensebenchError):
            continue
    return run
