"""``runs/<run>/``: one run's own directory, which one process at a time may own."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from densebench.config import RunConfig, check_run_name, to_json
from densebench.errors import InputError, ResultsError


def run_directory(runs_dir: str | Path, run: str) -> Path:
    """Where everything of a run lies but its CSV."""
    check_run_name(run)
    return Path(runs_dir) / run


def claim(config: RunConfig, stem: str) -> str:
    """Make a new run's directory, named ``stem`` or ``stem-2``, ``stem-3``, ...; returns the name.

    Making a directory is atomic, so two processes never get one name.
    """
    names = [config.run] if config.run else [stem, *(f"{stem}-{number}" for number in range(2, 10_000))]
    for name in names:
        if _results_exist(config, name):
            continue
        try:
            run_directory(config.runs_dir, name).mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ResultsError(
                f"The runs directory {config.runs_dir!r} cannot be written ({error.strerror}): "
                "choose another with --runs-dir."
            ) from None
        return name
    raise InputError(f"There is already a run named {names[0]!r}: resume it with --resume, or choose another --run.")


def _results_exist(config: RunConfig, name: str) -> bool:
    return (Path(config.results_dir) / f"{name}.csv").exists()


def save_config(directory: Path, config: RunConfig) -> None:
    """Keep what the run was asked to be, for a later resume or evaluation."""
    temporary = directory / "config.json.tmp"
    temporary.write_text(to_json(config) + "\n")
    os.replace(temporary, directory / "config.json")


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Hold the directory for this process; raises :class:`InputError` while another one does.

    The kernel lets the lock go when its process dies, however it dies.
    """
    if not directory.is_dir():
        raise InputError(f"There is no run directory {str(directory)!r}: check the run's name and --runs-dir.")
    with (directory / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise InputError(
                f"Run {directory.name!r} is in use by process {lock.read().strip() or 'unknown'}: "
                "wait for it to end, or stop it."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
