"""Shared by all tests: quiet frameworks, nothing read or written outside the test's own directory, synthetic runs."""

import dataclasses
import gc
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from densebench.machine import Environment
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.results.target import find_first_reaching

settings.register_profile("densebench", deadline=None, derandomize=True)
settings.load_profile("densebench")
sys.path.append(str(Path(__file__).parent))  # backend_facts, background
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # synthetic runs and the headless browser

Make = Callable[..., Run]


def list_quick_flags():
    """Of XLA's compiler; JAX 0.11 ends the process at a flag that it no longer knows."""
    yield "--xla_backend_optimization_level=0"
    if find_spec("jax") and tuple(map(int, version("jax").split(".")[:2])) < (0, 11):
        yield "--xla_cpu_use_fusion_emitters=false"


os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile densebench one by one
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# With CUDA_VISIBLE_DEVICES=0 the tests run on a GPU: there equality to six digits needs whole float32 products.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
# To compile a tiny network well takes far longer than what is won by it; JAX compiles each once for all processes.
os.environ.setdefault("XLA_FLAGS", " ".join(list_quick_flags()))
COMPILED = tempfile.TemporaryDirectory(prefix="densebench-tests-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", COMPILED.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def is_side_by_side(config):
    """Whether this is one of several processes of pytest (``-n 2``)."""
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config, items):
    """Tests that read from processes in the background may wait; the others keep their order.

    They come last; or first, where another process of pytest goes on while they wait.
    """
    items.sort(key=lambda item: hasattr(item.module, "BACKGROUND") != is_side_by_side(config))
    for item in items:
        if hasattr(item.module, "BACKGROUND"):
            item.add_marker(pytest.mark.timeout(1800))


@cache
def choose_group(file):
    """Files of one group go to one process: all that read from the background, and all that start servers."""
    if "\nBACKGROUND = " in (Path(__file__).parents[1] / file).read_text(encoding="utf-8"):
        return "background"
    return "launchers" if file.startswith("tests/running/launchers") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Each process of pytest is given whole files."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return choose_group(super()._split_scope(nodeid))

    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """What the frameworks have loaded by now stays: looking through it for garbage takes a tenth of the time."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _in_background(request):
    """The processes in the background start before the first test, or where the tests are that read from them."""
    if hasattr(request.module, "BACKGROUND") or not is_side_by_side(request.config):
        request.getfixturevalue("_background")


@pytest.fixture(scope="session")
def _background(request, tmp_path_factory):
    """Those of the selected test files run until the session ends."""
    modules = dict.fromkeys(item.module for item in request.session.items)
    started = [process for module in modules for process in getattr(module, "BACKGROUND", ())]
    for process in started:
        process.start(tmp_path_factory.mktemp("background"))
    yield
    for process in started:
        process.stop()


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """The test runs inside an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package that offers something by entry points: group to name to what stands there."""
    from installed_package import CODE, forget_packages, install_package

    def install(groups, code=CODE, package="fancynets"):
        folder = tmp_path / "site" / package
        monkeypatch.syspath_prepend(folder)
        return install_package(folder, groups, code, package)

    yield install
    monkeypatch.undo()
    forget_packages()


@pytest.fixture
def trained() -> Make:
    """Makes a finished training whose last epoch has the given figures; further names are columns."""
    return make_run


def make_run(variant="resnet20", seed=0, accuracy=0.9, seconds=10.0, memory=2**30, *, epochs=3, **columns) -> Run:
    environment = {"device": "Fast Card", "device_kind": "gpu", "cpu": "Old CPU", "cpu_cores": 2}
    described = {"dataset": "digits", "dataset_sha256": "ab" * 32, "test_images": 360, "train_images": 1437}
    for name, value in columns.items():
        (environment if COLUMNS[name].level == "environment" else described)[name] = value
    records = tuple(
        EpochRecord(
            epoch=epoch,
            epoch_seconds=seconds,
            images_per_second=1437 / seconds,
            elapsed_seconds=seconds * epoch,
            gpu_peak_bytes=memory,
            test_accuracy=accuracy - 0.05 * (epochs - epoch),
            test_loss=1 - accuracy,
        )
        for epoch in range(1, epochs + 1)
    )
    run = Run(
        run=f"{variant}-s{seed}",
        status="completed",
        variant=variant,
        seed=seed,
        epochs=epochs,
        batch_size=64,
        recipe="blog",
        backend="tensorflow",
        precision="float32",
        params=271_098,
        forward_macs=40_551_040,
        weights_bytes=4 * 271_098,
        total_seconds=seconds * epochs,
        environment=Environment(**environment),
        records=records,
    )
    run = dataclasses.replace(run, **described)
    reached = None if run.target is None else find_first_reaching(records, run.target)
    return dataclasses.replace(run, time_to_target_seconds=reached.elapsed_seconds) if reached else run
