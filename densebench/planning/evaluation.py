"""What ``eval`` will evaluate: the checkpoint of a run, or a model's file."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RESULTS_DIR, RUNS_DIR, RunConfig
from densebench.data import datasets
from densebench.data.folder.loader import PREFIX
from densebench.errors import InputError
from densebench.planning.options import TrainOptions, configure
from densebench.planning.run_paths import StoredRun, find_run

_MODEL_SUFFIX = ".keras"
_LEGACY_SUFFIXES = (".h5", ".hdf5")
# of files and folders that other tools save models as
_OTHER_SUFFIXES = (".pt", ".pth", ".ckpt", ".onnx", ".pb", ".tflite", ".safetensors", ".npz", ".pkl", ".bin")
_SAVED_MODEL = "saved_model.pb"


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """One evaluation: on which data, of what."""

    config: RunConfig
    is_named: bool  # by the user; else a number is added where the name is taken
    source: str  # the run's name, or the model's file
    directory: str | None  # of the run
    model_file: str | None


def plan_evaluation(source: str, options: TrainOptions) -> PlannedEvaluation:
    """The evaluation of a run (by name, folder or CSV) or of a ``.keras`` file; raises :class:`InputError`."""
    path = Path(source)
    _refuse_other_formats(path)
    if path.suffix == _MODEL_SUFFIX:
        planned = _plan_file(path, options)
    else:
        planned = _plan_run(find_run(source, options.runs_dir), options)
    datasets.describe(planned.config.data)
    return planned


def _refuse_other_formats(path: Path) -> None:
    if path.suffix in _LEGACY_SUFFIXES:
        raise InputError(f"{path} is in the legacy HDF5 format, which can run code: save the model as .keras first.")
    is_other_file = path.is_file() and path.suffix not in (_MODEL_SUFFIX, ".csv")
    if is_other_file or path.suffix in _OTHER_SUFFIXES or (path / _SAVED_MODEL).exists():
        raise InputError(
            f"{path} cannot be read: of models saved by others eval reads only .keras files, "
            "so save the model with Keras as model.keras."
        )


def _plan_run(found: StoredRun, options: TrainOptions) -> PlannedEvaluation:
    stored = found.config
    config = configure(options, variant=stored.variant, run=_evaluation_name(found.name, options), base=stored)
    if found.base != Path.cwd():  # the evaluation is written here, not where that run lies
        config = dataclasses.replace(
            config, runs_dir=options.runs_dir or RUNS_DIR, results_dir=options.results_dir or RESULTS_DIR
        )
    if options.dataset is None and found.data_folder is not None and found.base != Path.cwd():
        config = _change_dataset(config, f"{PREFIX}{found.data_folder}")
    return PlannedEvaluation(
        config=dataclasses.replace(config, resume=False),
        is_named=options.run is not None,
        source=found.name,
        directory=str(found.directory),
        model_file=None,
    )


def _change_dataset(config: RunConfig, dataset: str) -> RunConfig:
    return dataclasses.replace(config, data=dataclasses.replace(config.data, dataset=dataset))


def _plan_file(path: Path, options: TrainOptions) -> PlannedEvaluation:
    if options.dataset is None:
        raise InputError(f"{path} does not say on what it was trained: name the data with --dataset.")
    if not path.is_file():
        raise InputError(f"There is no model file {str(path)!r}: check the path.")
    return PlannedEvaluation(
        config=configure(options, variant=path.stem, run=_evaluation_name(path.name, options)),
        is_named=options.run is not None,
        source=path.name,
        directory=None,
        model_file=str(path),
    )


def _evaluation_name(source: str, options: TrainOptions) -> str:
    """The name that was asked for, or that of the source with ``-eval`` behind it."""
    return options.run or re.sub(r"[^A-Za-z0-9._-]+", "-", f"{source}-eval").lstrip("._-")
