"""Runs without a framework, for tests of what starts them."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from densebench.config import RunConfig
from densebench.recipes import RECIPES
from densebench.running.launchers.choice import open_launcher
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.protocol import Outcome, QueuedRun
from densebench.running.tasks import TrainTask

ROOT = Path(__file__).parents[3]


STUB_PATH = os.pathsep.join([str(Path(__file__).parent / "stub"), str(ROOT)])


@pytest.fixture
def stub(in_tmp, monkeypatch):
    """The process of every run is a stub; gives a function that reads the lines it has noted."""
    monkeypatch.setenv("PYTHONPATH", STUB_PATH)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return lambda: read_notes(in_tmp)


def read_notes(folder):
    """The lines that the stubs have noted in a folder, in words."""
    log = folder / "stub.log"
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


class Heard(list):
    """``report`` collects pairs of event and run."""

    def report(self, event, run):
        self.append((event, run))

    def of(self, kind, run=None):
        return [(event, name) for event, name in self if isinstance(event, kind) and run in (None, name)]


@dataclass(frozen=True)
class Made:
    """What came of the runs that a launcher was given, in a folder of its own."""

    folder: Path
    outcomes: dict[str, Outcome]  # by the names that were planned
    heard: Heard

    @property
    def notes(self):
        return read_notes(self.folder)


@pytest.fixture(scope="module")
def make_on_cluster(cluster, tmp_path_factory):
    """Makes runs whose end several tests look at, after ``prepare`` has been called in their folder."""

    def make(runs, prepare=lambda: None, **options):
        folder, heard = tmp_path_factory.mktemp("made"), Heard()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("OMP_NUM_THREADS", "5")
            prepare()
            launcher = open_launcher(LaunchOptions(launcher="ray", ray_address=cluster.address, **options))
            outcomes = {outcome.queued.name: outcome for outcome in launcher.launch(runs, heard.report)}
        return Made(folder, outcomes, heard)

    return make


@pytest.fixture(scope="module")
def cluster():
    """A Ray on loopback whose node has two cores and two pretended cards; the process of every run is the stub."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'densebench[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", STUB_PATH)
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # the path of a socket has at most 107 bytes
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        from ray.cluster_utils import Cluster

        from densebench.running.launchers.ray.cluster import _read_environment_again

        _read_environment_again()
        node = {"num_cpus": 2, "num_gpus": 2, "object_store_memory": 80_000_000}
        unneeded = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
        cluster = Cluster(initialize_head=True, head_node_args=node | unneeded)
        try:
            yield cluster
        finally:
            cluster.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def queue():
    """Makes runs for a launcher, named ``a``, ``b``, ..., or as given."""

    def make(count, *, epochs=3, seed=0, **changes):
        names = changes.pop("names", "abcdefghijkl"[:count])
        recipe = RECIPES["blog"].__class__(**{**RECIPES["blog"].__dict__, "epochs": epochs})
        configs = [RunConfig(variant="resnet20", run=name, recipe=recipe, seed=seed) for name in names]
        return [
            QueuedRun(name=config.run, task=TrainTask(config=config), numbered=True, **changes) for config in configs
        ]

    return make


@pytest.fixture
def heard():
    """``heard.report`` collects pairs of event and run."""
    return Heard()


@pytest.fixture
def command(in_tmp, monkeypatch):
    """Puts a program of that name on the path, which notes its arguments in ``<name>.log``."""
    programs = in_tmp / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def write(name, script=""):
        file = programs / name
        file.write_text(f'#!/bin/sh\necho "$@" >> {in_tmp}/{name}.log\n{script}\n')
        file.chmod(0o755)

    return write
