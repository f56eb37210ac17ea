"""What ``eval`` will evaluate: the checkpoint of a run, or a model's file."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RUNS_DIR, RunConfig, clean_name
from densebench.data import datasets
from densebench.errors import InputError
from densebench.planning.options import TrainOptions, configure
from densebench.planning.training import read_config
from densebench.running.directory import run_directory

_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """One evaluation: on which data, of what."""

    config: RunConfig
    is_named: bool  # by the user; else a number is added where the name is taken
    source: str  # the run's name, or the model's file
    model_file: str | None


def plan_evaluation(source: str, options: TrainOptions) -> PlannedEvaluation:
    """The evaluation of a run (by name, folder or CSV) or of a ``.keras`` file; raises :class:`InputError`."""
    is_file = Path(source).suffix in _MODEL_SUFFIXES
    planned = _plan_file(Path(source), options) if is_file else _plan_run(_run_name(source), options)
    datasets.describe(planned.config.data)
    return planned


def _run_name(source: str) -> str:
    """``results/a.csv``, ``runs/a`` and ``a`` all mean the run ``a``."""
    return Path(source).name.removesuffix(".csv")


def _plan_run(run: str, options: TrainOptions) -> PlannedEvaluation:
    stored = read_config(run_directory(options.runs_dir or RUNS_DIR, run))
    config = configure(options, variant=stored.variant, run=_evaluation_name(run, options), base=stored)
    return PlannedEvaluation(
        config=dataclasses.replace(config, resume=False),
        is_named=options.run is not None,
        source=run,
        model_file=None,
    )


def _plan_file(path: Path, options: TrainOptions) -> PlannedEvaluation:
    if options.dataset is None:
        raise InputError(f"{path} does not say on what it was trained: name the data with --dataset.")
    if not path.is_file():
        raise InputError(f"There is no model file {str(path)!r}: check the path.")
    return PlannedEvaluation(
        config=configure(options, variant=path.stem, run=_evaluation_name(path.name, options)),
        is_named=options.run is not None,
        source=path.name,
        model_file=str(path),
    )


def _evaluation_name(source: str, options: TrainOptions) -> str:
    """The name that was asked for, or that of the source with ``-eval`` behind it."""
    return options.run or f"{clean_name(source)}-eval"
