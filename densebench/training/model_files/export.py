"""The trained network as a ``.keras`` file: written completely or not at all, and checked when it is read."""

import zipfile
from contextlib import AbstractContextManager
from pathlib import Path

import keras
import numpy as np

from densebench import files
from densebench.config import BACKENDS, RunConfig
from densebench.data.identity import DataIdentity
from densebench.errors import InputError, RunFailed, first_line
from densebench.models.build import name_variable
from densebench.models.keras_layers import build_plain
from densebench.models.own.lookup import load_configured
from densebench.models.variant import ModelVariant
from densebench.training.backends.hidden_packages import hide_packages
from densebench.training.model_files.model_origin import MODEL_SUFFIX, add_origin, describe_origin, refuse_legacy_format

ANOTHER_FILE = "give a model.keras of a run"


def save_model(model: keras.Model, config: RunConfig, data: DataIdentity, path: Path) -> int:
    """Save the network in ordinary Keras layers, also if another implementation trained it; returns the file's bytes.

    Anyone can load it without densebench, which finds in it the data it was trained on and how to prepare images.
    Raises :class:`RunFailed` if it cannot be written.
    """
    try:
        files.remove_stale(path)  # a run has one writer
        with files.replacing(path, suffix=MODEL_SUFFIX) as temporary:  # Keras saves under no other suffix
            with _other_frameworks_hidden():
                _build_plain(model, config).save(temporary)
            add_origin(temporary, describe_origin(config, data))
            files.sync(temporary)
        return path.stat().st_size
    except OSError as error:
        raise RunFailed(
            f"{path} cannot be written ({error.strerror or error}): make room there, then finish the run with --resume."
        ) from None


def load_model(path: Path, instead: str = ANOTHER_FILE) -> keras.Model:
    """Load an image classifier; raises :class:`InputError`, which says what to do ``instead``, for another file."""
    _check_file(path)
    try:
        with _other_frameworks_hidden():
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras fails in many ways on damaged files
        reason = first_line(error) or type(error).__name__
        raise InputError(f"{path} cannot be loaded as a Keras model ({reason}): {instead}.") from None
    _check_shapes(model, path)
    return model


def _build_plain(model: keras.Model, config: RunConfig) -> keras.Model:
    """The network in ordinary layers, with the variables of ``model``; a model of Keras's is that already."""
    variant = load_configured(config)
    if isinstance(variant, ModelVariant):
        return model
    plain = build_plain(
        variant,
        classes=model.output_shape[-1],
        image_size=model.input_shape[1],
        weight_decay=config.recipe.weight_decay,
        seed=config.seed,
    )
    copy_variables(model, plain)
    return plain


def copy_variables(model: keras.Model, target: keras.Model) -> None:
    """Give ``target``, which is the same network, the variables of ``model``.

    By their names: Keras orders the layers of parallel branches by their depth, and not as they were called.
    """
    sources = {name_variable(variable.path): variable for variable in model.variables}
    for variable in target.variables:
        variable.assign(np.array(keras.ops.convert_to_numpy(sources[name_variable(variable.path)])))


def _other_frameworks_hidden() -> AbstractContextManager[None]:
    """Keras asks whether an object is TensorFlow's by importing TensorFlow, on every backend."""
    return hide_packages(*{*BACKENDS} - {keras.backend.backend()})


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"There is no model file {path}: check the path.")
    refuse_legacy_format(path)
    if path.suffix != MODEL_SUFFIX or not zipfile.is_zipfile(path):
        raise InputError(f"{path} is not a complete .keras file: {ANOTHER_FILE}.")


def _check_shapes(model: keras.Model, path: Path) -> None:
    try:
        (_, height, width, channels), (_, classes) = model.input_shape, model.output_shape
    except (AttributeError, TypeError, ValueError):
        height = width = channels = classes = None
    if channels != 3 or height != width or classes is None:
        raise InputError(f"{path} does not map square colour images to class scores: {ANOTHER_FILE}.")
