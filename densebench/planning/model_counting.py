"""Counts a ``keras.Model`` in a process of its own: Keras takes seconds to load, and its backend would take the GPU."""

import dataclasses
import json
import os
import subprocess
import sys
from functools import cache

from densebench.config import RunConfig
from densebench.errors import DensebenchError, InputError
from densebench.models.cost import Cost, LayerCost
from densebench.models.own.lookup import load_configured
from densebench.models.variant import ModelVariant

_WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}


@cache
def count_apart(variant: ModelVariant, *, classes: int, image_size: int, backend: str | None) -> Cost:
    """Cost of a network that only Keras can count; on ``backend``, or on any that is installed.

    Raises :class:`InputError` for a model that cannot be trained.
    """
    asked = {
        "variant": {"variant": variant.name, "variant_file": variant.file, "variant_sha256": variant.sha256},
        "classes": classes,
        "image_size": image_size,
    }
    chosen = {} if backend is None else {"KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-m", "densebench.planning.model_counting"],
        input=json.dumps(asked),
        env={**os.environ, **_WITHOUT_GPU, **chosen},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
        raise InputError(
            f"{variant.name} cannot be built: its process ended with {done.returncode} ({last})."
        ) from None
    if "error" in answer:
        raise InputError(answer["error"])
    layers = (LayerCost(**{**layer, "output_shape": tuple(layer["output_shape"])}) for layer in answer["layers"])
    return Cost(layers=tuple(layers))


def main() -> int:
    """Count the network on standard input; the last line of standard output is the answer."""
    asked = json.loads(sys.stdin.read())
    try:
        cost = _count(RunConfig(run="x", **asked["variant"]), asked["classes"], asked["image_size"])
        answer: dict[str, object] = {"layers": [dataclasses.asdict(layer) for layer in cost.layers]}
    except DensebenchError as error:
        answer = {"error": str(error)}
    print(f"\n{json.dumps(answer)}")
    return 0


def _count(config: RunConfig, classes: int, image_size: int) -> Cost:
    from densebench.training.backends.backend import choose_for_counting

    choose_for_counting()
    from densebench.models.own.keras_models import build_model
    from densebench.models.own.model_counts import count_model

    variant = load_configured(config)
    if not isinstance(variant, ModelVariant):
        raise InputError(f"{config.variant} is no keras.Model: start again.")
    return count_model(build_model(variant, classes=classes, image_size=image_size, seed=0))


if __name__ == "__main__":
    sys.exit(main())
