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
    """Builds a new network of the configuration, or of a changed one."""
    from densebench.training.trainee import build_trainee

    def build(changed=config, implementation=facts.implementation):
        return build_trainee(changed, replace(facts, implementation=implementation), classes=6, image_size=8)

    return build


@pytest.fixture
def make_watch():
    """Builds a Watch without a GPU that is never stopped, but for what is given."""
    from densebench.measuring.gpu.allocator import NoGpuMemory
    from densebench.measuring.gpu.monitor import NullMonitor
    from densebench.training.watch import Watch

    def make_watch(**changes):
        quiet = Watch(
            monitor=NullMonitor("no GPU"),
            allocator=NoGpuMemory(),
            raise_if_stopped=lambda: None,
        )
        return replace(quiet, **changes)

    return make_watch


@pytest.fixture
def train(config, facts, dataset, build, make_watch):
    """Trains to the end and returns (trainee, records); each part may be replaced, ``on_event`` gets every event."""
    from densebench.events import EpochEnded
    from densebench.training import loop

    def train(
        *,
        changed=config,
        trainee=None,
        images=dataset,
        finished=(),
        checkpoints=None,
        on_event=lambda event: None,
        **watch,
    ):
        trainee = trainee or build(changed)
        events = loop.train(
            config=changed,
            facts=facts,
            trainee=trainee,
            dataset=images,
            finished=finished,
            checkpoints=checkpoints,
            watch=make_watch(**watch),
        )
        records = []
        for event in events:
            on_event(event)
            if isinstance(event, EpochEnded):
                records.append(event.record)
        return trainee, records

    return train
