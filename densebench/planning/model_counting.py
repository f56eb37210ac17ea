"""What Keras counts, in a process of its own: Keras takes seconds to load, and its backend would take the GPU."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from densebench.config import RunConfig
from densebench.errors import DensebenchError, InputError, join_names
from densebench.models.cost import Cost, LayerCost
from densebench.models.own.lookup import load_configured
from densebench.models.variant import AnyVariant, ModelVariant

_WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}


@cache
def count_apart(variant: ModelVariant, *, classes: int, image_size: int, backend: str | None) -> Cost:
    """Cost of a network that only Keras can count; on ``backend``, or on any that is installed.

    Raises :class:`InputError` for a model that cannot be trained.
    """
    (found,) = _ask("count", [variant], classes=classes, image_size=image_size, backend=backend)
    layers = (LayerCost(**{**layer, "output_shape": tuple(layer["output_shape"])}) for layer in found)
    return Cost(layers=tuple(layers))


def check_apart(variants: Sequence[AnyVariant], *, classes: int, image_size: int) -> list[list[str]]:
    """What :func:`densebench.models.check.find_disagreements` finds of each network, on any backend.

    Raises :class:`InputError` for a network that cannot be built, and where no backend is installed.
    """
    return _ask("check", variants, classes=classes, image_size=image_size, backend=None)


def _ask(task: str, variants: Sequence[AnyVariant], *, classes: int, image_size: int, backend: str | None) -> list[Any]:
    """The answer of a task of ``_TASKS`` for each network."""
    asked = {
        "task": task,
        "variants": [
            {"variant": variant.name, "variant_file": variant.file, "variant_sha256": variant.sha256}
            for variant in variants
        ],
        "classes": classes,
        "image_size": image_size,
    }
    chosen = {} if backend is None else {"KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__],  # -P: as in running/launchers/child.py
        input=json.dumps(asked),
        env={**os.environ, **_WITHOUT_GPU, **chosen},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        names = join_names([variant.name for variant in variants])
        last = (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
        raise InputError(f"{names} cannot be built: the process ended with {done.returncode} ({last}).") from None
    if "error" in answer:
        raise InputError(answer["error"])
    answers: list[Any] = answer["answers"]
    return answers


def main() -> int:
    """Do what standard input asks for; the last line of standard output is the answer."""
    asked = json.loads(sys.stdin.read())
    try:
        from densebench.training.backends.backend import choose_for_counting

        choose_for_counting()
        variants = [load_configured(RunConfig(run="x", **variant)) for variant in asked["variants"]]
        do = _TASKS[asked["task"]]
        answer: dict[str, object] = {
            "answers": [do(variant, asked["classes"], asked["image_size"]) for variant in variants]
        }
    except DensebenchError as error:
        answer = {"error": str(error)}
    print(f"\n{json.dumps(answer)}")
    return 0


def _count(variant: AnyVariant, classes: int, image_size: int) -> list[dict[str, Any]]:
    from densebench.models.own.keras_models import build_model
    from densebench.models.own.model_counts import count_model

    if not isinstance(variant, ModelVariant):
        raise InputError(f"{variant.name} is no keras.Model: start again.")
    cost = count_model(build_model(variant, classes=classes, image_size=image_size, seed=0))
    return [dataclasses.asdict(layer) for layer in cost.layers]


def _check(variant: AnyVariant, classes: int, image_size: int) -> list[str]:
    from densebench.models.check import find_disagreements

    return find_disagreements(variant, classes=classes, image_size=image_size)


_TASKS: dict[str, Callable[[AnyVariant, int, int], list[Any]]] = {"count": _count, "check": _check}


if __name__ == "__main__":
    sys.exit(main())
