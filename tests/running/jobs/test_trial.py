"""A trial in its own process, of a network of ten layers."""

import dataclasses

import pytest

from densebench.config import DataConfig, RunConfig
from densebench.prediction.measurements import measure
from densebench.recipes import RECIPES
from densebench.results import csv_file
from densebench.running.launchers.starting import start_new
from densebench.running.tasks import TrialTask

DATA = DataConfig(dataset="synthetic", image_size=8, classes=6, train_limit=20, test_limit=16)
RECIPE = dataclasses.replace(RECIPES["blog"], batch_size=8, epochs=2, learning_rate=1e-3)
CONFIG = RunConfig(variant="10x2", run="10x2-trial", data=DATA, recipe=RECIPE)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """The run of a trial, the events, and the folder of runs."""
    place = tmp_path_factory.mktemp("trial")
    config = dataclasses.replace(CONFIG, results_dir=str(place / "results"), runs_dir=str(place / "runs"))
    events = []
    _, ended = start_new(config, lambda named: TrialTask(config=named, time_limit=0.0), events.append, numbered=True)
    assert ended.status == "completed", ended.reason
    return csv_file.read(place / "results" / "10x2-trial.csv")[0], events, place / "runs"


def test_its_row_is_a_measurement(trial):
    run, _, _ = trial
    assert (run.phase, run.status, len(run.records)) == ("trial", "completed", 2)
    assert (run.train_images, run.test_images) == (4 * 8 + 4, 16)  # four full batches and the last
    found = measure(run)
    assert found.image_seconds > 0
    assert found.start_seconds > 0
    assert found.peak_bytes > 0


def test_it_says_nothing_of_what_was_learned_of_random_images(trial):
    run, events, _ = trial
    assert {run.records[0].train_loss, run.records[0].test_accuracy, run.records[1].test_loss} == {None}
    assert run.warnings is None
    assert all(getattr(event, "loss", None) is None for event in events)


def test_no_checkpoint_is_left(trial):
    _, _, runs = trial
    assert not list(runs.rglob("*.npz"))
