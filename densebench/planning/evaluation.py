"""What ``eval`` will evaluate: the checkpoint of a run, or a model's file."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from densebench.config import RESULTS_DIR, RUNS_DIR, RunConfig, clean_name
from densebench.data import datasets
from densebench.data.folder.loader import PREFIX
from densebench.errors import InputError
from densebench.models import variants
from densebench.models.own.lookup import require_unchanged
from densebench.planning.options import TrainOptions, configure
from densebench.planning.run_paths import StoredRun, find_run, require_no_code
from densebench.running.jobs.preparation import parse_preparation
from densebench.training.model_files.model_origin import MODEL_SUFFIX, read_origin, refuse_legacy_format

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
    preprocess: str | None
    held_out: bool


def plan_evaluation(source: str, options: TrainOptions, *, preprocess: str | None = None) -> PlannedEvaluation:
    """The evaluation of a run (by name, folder or CSV) or of a ``.keras`` file; raises :class:`InputError`."""
    path = Path(source)
    _refuse_other_formats(path)
    if path.suffix == MODEL_SUFFIX:
        planned = _plan_file(path, options, preprocess)
    elif preprocess is not None:
        raise InputError(f"--preprocess {preprocess} is for a .keras file: a run is evaluated as it was trained.")
    else:
        planned = _plan_run(find_run(source, options.runs_dir), options, source)
    datasets.describe(planned.config.data)
    return planned


def _refuse_other_formats(path: Path) -> None:
    refuse_legacy_format(path)
    is_other_file = path.is_file() and path.suffix not in (MODEL_SUFFIX, ".csv")
    if is_other_file or path.suffix in _OTHER_SUFFIXES or (path / _SAVED_MODEL).exists():
        raise InputError(
            f"{path} cannot be read: of models saved by others eval reads only .keras files, "
            "so save the model with Keras as model.keras."
        )


def _plan_run(found: StoredRun, options: TrainOptions, given: str) -> PlannedEvaluation:
    stored = found.config
    if found.by_results_file:
        require_no_code(stored, f"eval {given}")
    require_unchanged(stored)
    _check_held_out(f"Run {found.name!r}", stored.data.validation, options.validation)
    config = configure(options, variant=stored.variant, run=_evaluation_name(found.name, options), base=stored)
    if found.base != Path.cwd():  # the evaluation is written here, not where that run lies
        config = dataclasses.replace(
            config, runs_dir=options.runs_dir or RUNS_DIR, results_dir=options.results_dir or RESULTS_DIR
        )
    if options.dataset is None and found.data_folder is not None and found.base != Path.cwd():
        config = _change_dataset(config, f"{PREFIX}{found.data_folder}")
    return PlannedEvaluation(
        config=dataclasses.replace(config, resume=False, devices=1, hosts=1),
        is_named=options.run is not None,
        source=found.name,
        directory=str(found.directory),
        model_file=None,
        preprocess=None,
        held_out=options.validation is not None,
    )


def _change_dataset(config: RunConfig, dataset: str) -> RunConfig:
    return dataclasses.replace(config, data=dataclasses.replace(config.data, dataset=dataset))


def _plan_file(path: Path, options: TrainOptions, preprocess: str | None) -> PlannedEvaluation:
    if options.dataset is None:
        raise InputError(f"{path} does not say on what it was trained: name the data with --dataset.")
    if not path.is_file():
        raise InputError(f"There is no model file {str(path)!r}: check the path.")
    if preprocess is not None:
        parse_preparation(preprocess)
    return PlannedEvaluation(
        config=_configure_file(path, options),
        is_named=options.run is not None,
        source=path.name,
        directory=None,
        model_file=str(path),
        preprocess=preprocess,
        held_out=bool(options.validation),
    )


def _configure_file(path: Path, options: TrainOptions) -> RunConfig:
    """As the run of a model of ours was set, or by default."""
    run, origin = _evaluation_name(path.name, options), read_origin(path)
    if origin is None:
        return configure(options, variant=path.stem, run=run)
    validation = origin.data.validation
    _check_held_out(f"The run of {path}", 0 if validation is None else validation.images, options.validation)
    base = RunConfig(
        variant=origin.variant,
        variant_sha256=origin.variant_sha256,
        run=run,
        recipe=dataclasses.replace(RunConfig.recipe, batch_size=origin.batch_size),
        backend=origin.backend,
        precision=origin.precision,
        implementation=origin.implementation,
        deterministic=origin.deterministic,
        jit=origin.jit,
        threads=origin.threads,
    )
    # the file holds all of a network that is not densebench's own: its code is not asked for
    name = origin.variant if origin.is_foreign else variants.find(origin.variant).name
    return configure(options, variant=name, run=run, base=base)


def _check_held_out(what: str, held_out: int, asked: int | None) -> None:
    """Raise :class:`InputError` unless these images were held out: others would have been trained on."""
    if asked is not None and not held_out:
        raise InputError(f"{what} held out no training images: leave --validation {asked} out.")
    if asked is not None and asked != held_out:
        raise InputError(f"{what} held out {held_out} training images, not {asked}: give --validation {held_out}.")


def _evaluation_name(source: str, options: TrainOptions) -> str:
    """The name that was asked for, or that of the source with ``-eval`` behind it."""
    return options.run or f"{clean_name(source)}-eval"
