"""Which run a name or a path means: a run's folder or its results file, wherever they lie."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RUNS_DIR, RunConfig, find_base, fingerprint
from densebench.data.folder.loader import PREFIX
from densebench.errors import InputError, ResultsError
from densebench.results import csv_file
from densebench.running.directory import CONFIG_FILE, read_config, run_directory

_RESULTS_SUFFIX = ".csv"


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A run on disk."""

    name: str
    runs_dir: str
    config: RunConfig  # as it was started
    base: Path | None  # the folder it was started in; None: its files were moved, so that this is not known
    by_results_file: bool = False  # whether its results file was named, and not the run

    @property
    def directory(self) -> Path:
        """The run's folder."""
        return run_directory(self.runs_dir, self.name)

    @property
    def results_dir(self) -> str | None:
        """Where its results file lies; ``None`` if that is not known."""
        if os.path.isabs(self.config.results_dir) or self.base == Path.cwd():
            return self.config.results_dir
        return None if self.base is None else str(self.base / self.config.results_dir)

    @property
    def data_folder(self) -> Path | None:
        """The image folder that it was started on, where that was named relative to where it was started."""
        dataset = self.config.data.dataset
        path = os.path.expanduser(dataset.removeprefix(PREFIX))
        if not dataset.startswith(PREFIX) or os.path.isabs(path) or self.base is None:
            return None
        return self.base / path


def find_run(source: str, runs_dir: str | None) -> StoredRun:
    """The run of that name in ``runs_dir``, or the run whose folder or results file ``source`` is.

    Never another run of the same name: raises :class:`InputError` where a path has no run.
    """
    if _is_path(source, runs_dir):
        if source.endswith(_RESULTS_SUFFIX):
            return dataclasses.replace(_find_by_file(Path(source), runs_dir), by_results_file=True)
        return _open(Path(source))
    directory = run_directory(runs_dir or RUNS_DIR, source)
    config = _read_config(directory)
    base = find_base(Path(os.path.abspath(directory.parent)), config.runs_dir) or Path.cwd()
    return StoredRun(name=source, runs_dir=str(directory.parent), config=config, base=base)


def require_no_code(config: RunConfig, command: str) -> None:
    """Raise :class:`InputError` if the network of a run is code in a file: for a results file none is ever run."""
    if config.variant_file is not None:
        raise InputError(
            f"'{command}' names a results file, and the network {config.variant} is code, which is run only for a run "
            "that is named itself: give the run's name or folder."
        )


def _read_config(directory: Path) -> RunConfig:
    """What a run was asked to be; raises :class:`InputError` if there is no such run."""
    try:
        return read_config(directory)
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"There is no run {directory.name!r} in {str(directory.parent)!r}: "
            "name one of its folders, or give --runs-dir."
        ) from None


def _is_path(source: str, runs_dir: str | None) -> bool:
    """Whether a path is meant: it has a separator or a suffix, or only a folder here has that name."""
    if os.sep in source or source in (os.curdir, os.pardir) or source.endswith(_RESULTS_SUFFIX):
        return True
    return not (Path(runs_dir or RUNS_DIR) / source).exists() and Path(source).is_dir()


def _open(directory: Path) -> StoredRun:
    """The run of a folder."""
    path = Path(os.path.abspath(directory))
    if not (path / CONFIG_FILE).is_file():
        raise InputError(_explain_no_run(directory, path))
    config = _read_config(path)
    return StoredRun(
        name=path.name, runs_dir=_shorten(path.parent), config=config, base=find_base(path.parent, config.runs_dir)
    )


def _explain_no_run(given: Path, path: Path) -> str:
    """What is wrong with a path at which there is no run."""
    if not path.exists():
        return f"There is no run at {str(given)!r}: give the folder of a run, or its results file."
    runs = sorted(file.parent.name for file in path.glob(f"*/{CONFIG_FILE}"))
    if runs:
        return f"{str(given)!r} is a folder of runs: name one of them, such as {str(given / runs[0])!r}."
    return f"{str(given)!r} is not the folder of a run (it has no {CONFIG_FILE}): give one that train has made."


def _find_by_file(file: Path, runs_dir: str | None) -> StoredRun:
    """The run of a results file: its folder lies where the file's place says, or beside it."""
    path = Path(os.path.abspath(file))
    name, expected = _read_name(path)
    places = [path.parent.parent / RUNS_DIR, path.parent / RUNS_DIR, path.parent, path.parent.parent, Path(RUNS_DIR)]
    found = [
        _open(place / name)
        for place in ([Path(runs_dir)] if runs_dir else places)
        if (place / name / CONFIG_FILE).is_file()
    ]
    for run in found:
        if run.results_dir is not None and Path(os.path.abspath(run.results_dir)) == path.parent:
            return run
    for run in found:  # moved together, or one of the two: then the settings show that they belong together
        if path.is_file() and _may_be_moved(run) and fingerprint(run.config) == expected:
            return run
    if not path.is_file():
        raise InputError(f"There is no results file {str(file)!r}: check the path.")
    raise InputError(f"The folder of run {name!r} was not found beside {str(file)!r}: give the run's folder instead.")


def _may_be_moved(run: StoredRun) -> bool:
    """Whether no other results file is known to be the run's."""
    return run.results_dir is None or not (Path(run.results_dir) / f"{run.name}{_RESULTS_SUFFIX}").exists()


def _read_name(path: Path) -> tuple[str, str | None]:
    """Name and fingerprint of the run of a results file; for a missing one the name that it would have."""
    if not path.is_file():
        return path.name.removesuffix(_RESULTS_SUFFIX), None
    runs = csv_file.read(path)
    if len(runs) != 1:
        raise ResultsError(f"{path} holds {len(runs)} runs: give the results file of one run, or a run's folder.")
    return runs[0].run, runs[0].fingerprint


def _shorten(path: Path) -> str:
    """Relative to here where it lies below, as the defaults are."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
