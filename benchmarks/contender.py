"""Runs one contender in its own process: ``paired.py`` passes a setting as JSON and reads the last line of output."""

import json
import sys
from dataclasses import asdict

from sitting import Outcome, Setting, make_measurement

CONTENDERS = (
    "script",
    "plain",
    "fast",
    "fast-recompute",
    "torch-eager",
    "torch-eager-malloc",
    "torch-compile",
    "torch-compile-reduce",
    "jax-hand",
    "jax-plain",
    "jax-fast",
    "jax-fast-recompute",
    "keras-torch-plain",
    "keras-torch-fast",
    "keras-torch-fast-recompute",
    "keras-torch-plain-compiled",
    "keras-torch-fast-compiled",
)

TORCH_MODES = {"torch-compile": "default", "torch-compile-reduce": "reduce-overhead"}


def run(setting: Setting) -> Outcome:
    """Run the setting's steps; only the contender's own framework is imported."""
    name = setting.name
    if name == "script":
        import contender_script

        return contender_script.run(setting)
    if name.startswith("torch-"):
        import contender_torch

        return contender_torch.run(setting, kept_buffers=name != "torch-eager", mode=TORCH_MODES.get(name))
    if name == "jax-hand":
        import contender_jax

        return contender_jax.run(setting)
    import contender_densebench

    return contender_densebench.run(setting)


if __name__ == "__main__":
    task = Setting(**json.loads(sys.argv[1]))
    print(json.dumps(asdict(make_measurement(task, run(task)))))
