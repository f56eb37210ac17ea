"""Launchers with real, tiny runs: the whole command, and curves equal to those of the loop."""

import os
from dataclasses import replace
from importlib.util import find_spec

import psutil
import pytest

from densebench import workflows
from densebench.events import Started
from densebench.planning.options import TrainOptions
from densebench.reporting.notebook import open_progress
from densebench.results import csv_file
from densebench.running.launchers.options import LaunchOptions

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'densebench[ray]'")

OPTIONS = TrainOptions(
    variants=("10x2",),
    seeds=(0, 1),
    dataset="digits",
    image_size=8,
    train_limit=40,
    test_limit=20,
    batch_size=20,
    epochs=1,
    backend="jax" if find_spec("jax") else os.environ["KERAS_BACKEND"],  # JAX starts fastest
    deterministic=True,
    threads=1,
)
LAUNCH = LaunchOptions(launcher="ray", cpus_per_run=1)


class Watch:
    """A view that shows nothing: it looks at the Ray of this machine when a run has started."""

    def __init__(self):
        self._before = set(psutil.Process().children())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def begin(self, runs):
        pass

    def on(self, event, run=""):
        if isinstance(event, Started):
            self.token = os.environ["RAY_AUTH_TOKEN_PATH"]
            self.mode = oct(os.stat(self.token).st_mode & 0o777)
            self.addresses = {address for each in self._processes() for address in list_listening(each)}

    def _processes(self):
        """This one, and those that it has started since with all below them."""
        new = set(psutil.Process().children()) - self._before
        return [psutil.Process(), *new, *(below for each in new for below in each.children(recursive=True))]


def list_listening(process):
    """The addresses of a process's listening TCP sockets."""
    try:
        return [one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    """Two runs on a Ray of this machine, and what was seen of it; later tests work in the same folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("spread"))
        watch = Watch()
        yield workflows.train(OPTIONS, watch, launch=LAUNCH), watch


def read_curve(name):
    (run,) = csv_file.read(f"results/{name}.csv")
    return [(record.train_loss, record.train_accuracy, record.test_loss) for record in run.records]


def test_runs_on_ray_are_the_runs_of_the_loop(spread):
    finished, _ = spread
    assert [(one.run.status, one.run.launcher, one.run.restarts) for one in finished] == [("completed", "ray", 0)] * 2
    (alone,) = workflows.train(replace(OPTIONS, seeds=(1,)), open_progress(shown=False))
    assert (alone.run.launcher, alone.run.restarts) == ("loop", 0)
    assert read_curve(alone.run.run) == read_curve(finished[1].run.run)


def test_runs_that_are_complete_are_not_made_again(spread):
    finished, _ = spread
    again = workflows.train(OPTIONS, open_progress(shown=False), launch=LAUNCH, skip_completed=True)
    assert [one.run.run for one in again] == [one.run.run for one in finished]


def test_a_ray_of_this_machine_listens_on_loopback_alone_asks_for_a_token_and_goes(spread):
    _, watch = spread
    assert watch.addresses
    assert watch.addresses <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert watch.mode == "0o600"
    assert not os.path.exists(watch.token)
    assert os.environ.get("RAY_AUTH_TOKEN_PATH") is None
    assert not ray.is_initialized()
