"""Chooses and sets up the Keras backend: everything that must be decided before keras is imported."""

import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Literal

from densebench.config import BACKENDS, RunConfig
from densebench.errors import InputError
from densebench.measuring.missing import describe_installation
from densebench.training.backends.fastest import is_fast_proven
from densebench.training.backends.frameworks import (
    set_up_jax,
    set_up_tensorflow,
    set_up_torch,
    show_gpus,
)
from densebench.training.backends.hidden_packages import hide_packages
from densebench.training.parallel.layout import ALONE, Layout

_NEEDLESS = {"jax", "sklearn", "matplotlib", "pandas"}  # TensorFlow and Keras import them for what no run uses: 1 s
_SET_UP = {"tensorflow": set_up_tensorflow, "jax": set_up_jax, "torch": set_up_torch}


@dataclass(frozen=True, kw_only=True)
class BackendFacts:
    """The backend as it was set up, every choice resolved."""

    name: str
    version: str
    keras: str
    precision: str
    implementation: Literal["plain", "fast"]
    jit: bool
    tf32: bool  # whether float32 products may use TF32; never on a CPU or a GPU without it
    deterministic: bool
    threads: int
    device_kind: Literal["cpu", "gpu"]
    device_name: str | None  # None on a CPU
    cuda: str | None
    cudnn: str | None


def prepare(config: RunConfig, layout: Layout = ALONE) -> BackendFacts:
    """Set up the backend for the devices of ``layout`` and import keras on it, and no other framework.

    Call it before anything imports keras. Raises :class:`InputError` if the backend is not installed or cannot do
    what was asked.
    """
    _check(config)
    os.environ["KERAS_BACKEND"] = config.backend
    show_gpus(layout)
    with hide_packages(*_NEEDLESS - {config.backend}):
        framework = _SET_UP[config.backend](config, layout)
        _import_keras(config)
    return BackendFacts(
        name=config.backend,
        version=framework.version,
        keras=version("keras"),
        precision=config.precision,
        implementation=choose_implementation(config, framework.device_kind),
        jit=choose_jit(config),
        tf32=framework.tf32,
        deterministic=config.deterministic,
        threads=framework.threads,
        device_kind=framework.device_kind,
        device_name=framework.device_name,
        cuda=framework.cuda,
        cudnn=framework.cudnn,
    )


def _list_installed() -> list[str]:
    """The backends that can be imported, the default first."""
    return [backend for backend in BACKENDS if find_spec(backend) is not None]


def choose_for_counting() -> None:
    """Let keras be imported on the backend that the environment names if it is installed, else on another.

    For what every backend answers alike, such as the shapes of a network. Raises :class:`InputError` if there is none.
    """
    installed = _list_installed()
    if not installed:
        raise InputError(
            f"Keras needs a backend, and none is installed: run {describe_installation(RunConfig.backend)}."
        )
    if os.environ.get("KERAS_BACKEND") not in installed:
        os.environ["KERAS_BACKEND"] = installed[0]


def _check(config: RunConfig) -> None:
    installed = _list_installed()
    if config.backend not in installed:
        instead = f", or use what is installed: --backend {' or '.join(installed)}" if installed else ""
        raise InputError(
            f"--backend {config.backend} needs a package that is not installed: "
            f"run {describe_installation(config.backend)}{instead}."
        )
    if config.backend == "jax" and config.jit is False:
        raise InputError("--no-jit does not work with --backend jax, which compiles every step: leave it out.")
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() != config.backend:
        raise RuntimeError(f"keras was imported on {keras.backend.backend()} before {config.backend} was chosen")


def _import_keras(config: RunConfig) -> None:
    import keras

    keras.config.set_dtype_policy(config.precision)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.disable_traceback_filtering()


def choose_implementation(config: RunConfig, device_kind: str) -> Literal["plain", "fast"]:
    """``auto`` is what was measured to be the fastest; only ``fast`` can recompute."""
    if config.implementation == "plain":
        return "plain"
    proven = is_fast_proven(config.backend, device_kind, config.precision)
    return "fast" if config.implementation == "fast" or config.recompute or proven else "plain"


def choose_jit(config: RunConfig) -> bool:
    """JAX always compiles; TensorFlow and PyTorch only if asked to."""
    return config.backend == "jax" or bool(config.jit)
