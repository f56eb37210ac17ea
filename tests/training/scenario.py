"""One whole training on one backend in a process of its own; prints what it saw as JSON.

The run is done once without a break, and once more from the checkpoint of its second epoch.
"""

import dataclasses
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from densebench.config import BACKENDS, DataConfig, RunConfig
from densebench.data import datasets
from densebench.data.identity import identify
from densebench.events import EpochEnded
from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.monitor import open_monitor
from densebench.recipes import RECIPES
from densebench.training.backends.backend import prepare

CONFIG = RunConfig(
    variant="10x2",
    run="scenario",
    data=DataConfig(dataset="synthetic", image_size=8, classes=6, train_limit=20, test_limit=12, validation=6),
    recipe=dataclasses.replace(RECIPES["short"], batch_size=8, epochs=4, cutout=2),
    backend=sys.argv[1],
    deterministic=True,
    threads=1,
)


def main():
    facts = prepare(CONFIG)
    after_prepare = loaded()
    from densebench.training.checkpoints import checkpoint
    from densebench.training.model_files.export import load_model, save_model
    from densebench.training.tensorboard import EpochLog

    dataset = datasets.load(CONFIG.data)
    with tempfile.TemporaryDirectory() as folder:
        whole, halfway = Path(folder, "whole"), Path(folder, "halfway")
        whole.mkdir()
        trainee = build(facts, dataset)
        initial = [values(variable) for variable in trainee.model.variables]
        records = []
        for record in train(facts, dataset, trainee, (), whole):
            records.append(record)
            if record.epoch == 2:
                shutil.copytree(whole, halfway)
        resumed = build(facts, dataset)
        found = checkpoint.restore(halfway, resumed, config=CONFIG, facts=facts)
        again = [*found.description.records, *train(facts, dataset, resumed, found.description.records, halfway)]
        log = EpochLog(Path(folder, "log"), CONFIG, facts)
        log.add(records[0])
        log.close()
        save_model(trainee.model, CONFIG, identify(dataset), Path(folder, "model.keras"))
        load_model(Path(folder, "model.keras"))
    seen = {
        "facts": dataclasses.asdict(facts),
        "after_prepare": after_prepare,
        "at_the_end": loaded(),
        "initial": hashlib.sha256(b"".join(value.tobytes() for value in initial)).hexdigest(),
        "uninterrupted": digest(trainee),
        "resumed": digest(resumed),
        "uninterrupted_figures": [figures(record) for record in records],
        "resumed_figures": [figures(record) for record in again],
    }
    print(json.dumps(seen))


def build(facts, dataset):
    from densebench.training.trainee import build_trainee

    return build_trainee(CONFIG, facts, classes=len(dataset.class_names), image_size=dataset.image_size)


def train(facts, dataset, trainee, finished, folder):
    from densebench.training import loop
    from densebench.training.watch import Watch

    watch = Watch(
        monitor=open_monitor(facts.device_kind), allocator=open_allocator(facts.name), raise_if_stopped=lambda: None
    )
    events = loop.train(
        config=CONFIG,
        facts=facts,
        trainee=trainee,
        dataset=dataset,
        finished=finished,
        checkpoints=folder,
        watch=watch,
    )
    return (event.record for event in events if isinstance(event, EpochEnded))


def loaded():
    return [name for name in BACKENDS if name in sys.modules]


def values(variable):
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


def digest(trainee):
    variables = [*trainee.model.variables, *trainee.optimizer.variables]
    return hashlib.sha256(b"".join(values(variable).tobytes() for variable in variables)).hexdigest()


def figures(record):
    names = ("train_loss", "train_accuracy", "validation_loss", "test_loss", "test_accuracy", "penalty")
    return {name: getattr(record, name) for name in names}


main()
