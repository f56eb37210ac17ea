"""Launchers with real, tiny runs: the whole command, and curves equal to those of the loop."""

import pytest

from densebench import workflows
from densebench.planning.options import TrainOptions
from densebench.reporting.notebook import open_progress
from densebench.results import csv_file
from densebench.running.launchers.options import LaunchOptions

OPTIONS = TrainOptions(
    variants=("resnet20",),
    seeds=(0, 1),
    dataset="digits",
    train_limit=40,
    test_limit=20,
    batch_size=20,
    epochs=1,
    backend="jax",
    deterministic=True,
    threads=1,
)


def read_curve(name):
    (run,) = csv_file.read(f"results/{name}.csv")
    return [(record.train_loss, record.train_accuracy, record.test_loss) for record in run.records]


def test_runs_on_ray_are_the_runs_of_the_loop(in_tmp):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'densebench[ray]'")
    pytest.importorskip("jax", reason="JAX is not installed: pip install 'densebench[jax]'")
    launch = LaunchOptions(launcher="ray", cpus_per_run=1)
    spread = workflows.train(OPTIONS, open_progress(shown=False), launch=launch)
    assert [(one.run.status, one.run.launcher, one.run.restarts) for one in spread] == [("completed", "ray", 0)] * 2
    again = workflows.train(OPTIONS, open_progress(shown=False), launch=launch, skip_completed=True)
    assert [one.run.run for one in again] == [one.run.run for one in spread], "nothing is made twice"
    (alone,) = workflows.train(TrainOptions(**{**vars(OPTIONS), "seeds": (1,)}), open_progress(shown=False))
    assert (alone.run.launcher, alone.run.restarts) == ("loop", 0)
    assert read_curve(alone.run.run) == read_curve(spread[1].run.run)
