"""One backend is enough: what its users do works where the other two are not installed."""

import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from densebench.config import BACKENDS, RunConfig

ROOT = Path(__file__).parents[1]
HIDE = """
import os
from importlib.machinery import PathFinder

find, hidden = PathFinder.find_spec, os.environ["HIDDEN"].split(",")
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in hidden else find(name, *rest)
"""
TINY = ["--dataset=synthetic", "--image-size=8", "--train-limit=16", "--test-limit=8", "--batch-size=8", "--epochs=1"]


def run_with(backend, folder, *arguments):
    """densebench as a user runs it who has this backend alone (or none), hidden from its child processes as well."""
    (folder / "sitecustomize.py").write_text(HIDE)
    hidden = ",".join(name for name in BACKENDS if name != backend)
    path = os.pathsep.join([str(folder), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "densebench", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "HIDDEN": hidden, "KERAS_BACKEND": RunConfig.backend},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != RunConfig.backend])
def test_a_run_is_trained_and_exported_by_the_only_backend(backend, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = run_with(backend, tmp_path, "train", "10x4", "--backend", backend, *TINY)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    assert {"model.keras", "checkpoint.npz", "tensorboard"} <= set(os.listdir(folder))


def test_counts_are_confirmed_by_any_backend(tmp_path):
    other = next(name for name in BACKENDS if name != RunConfig.backend and find_spec(name))
    done = run_with(other, tmp_path, "summary", "10x4", "--check")
    assert (done.returncode, "Keras confirms 1 of 1" in done.stderr) == (0, True), done.stderr


def test_without_the_default_backend_the_others_are_offered_in_one_sentence(tmp_path):
    other = next(name for name in BACKENDS if name != RunConfig.backend and find_spec(name))
    done = run_with(other, tmp_path, "train", "resnet20", *TINY)
    assert done.returncode == 2
    assert "pip install 'densebench[tensorflow]'" in done.stderr
    assert f"or use what is installed: --backend {other}." in done.stderr
    assert "Traceback" not in done.stderr


def test_without_any_backend_one_sentence_says_what_to_install(tmp_path):
    for arguments in (["train", "resnet20", *TINY], ["summary", "resnet20", "--check"]):
        done = run_with(None, tmp_path, *arguments)
        assert done.returncode == 2, arguments
        assert "pip install 'densebench[tensorflow]'." in done.stderr
        assert "Traceback" not in done.stderr


def test_every_backend_is_an_extra_and_none_is_forced_on_anybody():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [needed for needed in project["dependencies"] if needed.startswith((*BACKENDS, "nvidia-cu"))]
    for backend in BACKENDS:
        assert [needed for needed in project["optional-dependencies"][backend] if needed.startswith(backend)]
    assert f"densebench[{RunConfig.backend},jax,ray,slurm,parquet]" in project["optional-dependencies"]["dev"]
