"""What ``eval`` will evaluate: the checkpoint of a run, or a model's file."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RunConfig
from densebench.data import datasets
from densebench.errors import InputError
from densebench.planning.options import TrainOptions, configure
from densebench.planning.training import read_config
from densebench.running.directory import run_directory


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """One evaluation: on which data, of what."""

    config: RunConfig
    stem: str
    source: str  # the run's name, or the model's file
    model_file: str | None


def plan_evaluation(source: str, options: TrainOptions) -> PlannedEvaluation:
    """The evaluation of a run (by name, folder or CSV) or of a ``.keras`` file; raises :class:`InputError`."""
    planned = _of_file(Path(source), options) if _is_model_file(source) else _of_run(_run_name(source), options)
    datasets.describe(planned.config.data)
    return planned


def _is_model_file(source: str) -> bool:
    return Path(source).suffix in (".keras", ".h5", ".hdf5")


def _run_name(source: str) -> str:
    """``results/a.csv``, ``runs/a`` and ``a`` all mean the run ``a``."""
    return Path(source).name.removesuffix(".csv")


def _of_run(run: str, options: TrainOptions) -> PlannedEvaluation:
    runs_dir = options.runs_dir or RunConfig(variant="").runs_dir
    stored = read_config(run_directory(runs_dir, run))
    config = configure(options, variant=stored.variant, base=stored)
    return _planned(config, source=run, model_file=None)


def _of_file(path: Path, options: TrainOptions) -> PlannedEvaluation:
    if options.dataset is None:
        raise InputError(f"{path} does not say on what it was trained: name the data with --dataset.")
    if not path.is_file():
        raise InputError(f"There is no model file {str(path)!r}: check the path.")
    return _planned(configure(options, variant=path.stem), source=path.name, model_file=str(path))


def _planned(config: RunConfig, *, source: str, model_file: str | None) -> PlannedEvaluation:
    config = dataclasses.replace(config, run=None, resume=False)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{source}-eval").lstrip("._-")
    return PlannedEvaluation(config=config, stem=stem, source=source, model_file=model_file)
