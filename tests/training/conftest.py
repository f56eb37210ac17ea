"""A tiny network, tiny data and quiet instruments, on the backend that KERAS_BACKEND names."""

import os
from dataclasses import replace

import pytest

from densebench.config import DataConfig, RunConfig
from densebench.recipes import RECIPES

RECIPE = replace(RECIPES["blog"], batch_size=8, epochs=3)
DATA = DataConfig(dataset="synthetic", image_size=8, classes=6, train_limit=20, test_limit=12)


@pytest.fixture
def config():
    return RunConfig(variant="10x2", run="a", data=DATA, recipe=RECIPE, backend=os.environ["KERAS_BACKEND"])


@pytest.fixture
def facts(config):
    from densebench.training.backends.backend import prepare

    return prepare(config)


@pytest.fixture
def dataset(config):
    from densebench.data import datasets

    return datasets.load(config.data)


@pytest.fixture
def build(config, facts):
    """Builds the configuration's network, or a changed configuration's, anew."""
    from densebench.training.trainee import build_trainee

    def build(changed=config, implementation=facts.implementation):
        return build_trainee(changed, replace(facts, implementation=implementation), classes=6, image_size=8)

    return build


@pytest.fixture
def make_watch():
    """Builds a Watch that hears nothing, but for what is given."""
    from densebench.measuring.gpu.allocator import NoGpuMemory
    from densebench.measuring.gpu.monitor import NullMonitor
    from densebench.training.watch import Watch

    def make_watch(**changes):
        silent = Watch(
            monitor=NullMonitor("no GPU"),
            allocator=NoGpuMemory(),
            on_progress=lambda progress: None,
            on_ready=lambda readiness: None,
            on_warning=lambda text: None,
            should_stop=lambda: None,
        )
        return replace(silent, **changes)

    return make_watch


@pytest.fixture
def train(config, facts, dataset, build, make_watch):
    """Trains to the end and returns (trainee, records); each part may be replaced."""
    from densebench.training import loop

    def train(*, changed=config, trainee=None, images=dataset, finished=(), checkpoints=None, **watch):
        trainee = trainee or build(changed)
        records = loop.train(
            config=changed,
            facts=facts,
            trainee=trainee,
            dataset=images,
            finished=finished,
            checkpoints=checkpoints,
            watch=make_watch(**watch),
        )
        return trainee, list(records)

    return train
