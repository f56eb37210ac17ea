"""A true training, evaluation and measurement of speed of ``results/``, to be tampered with; and one of inference."""

import dataclasses
from pathlib import Path

import pytest

from densebench.records import COLUMNS
from densebench.results import csv_file
from densebench.results.target import find_first_reaching
from densebench.sharing.run_rules import check_run

RESULTS = Path(__file__).parents[2] / "results"
FILES = {
    "train": "digits/resnet20-digits-s0.csv",
    "eval": "cifar10-images/resnet20-cifar10-images-5000-eval.csv",
    "speed": "implementations/resnet20-speed-b64-torch.csv",
}


def read_true(phase="train", target=0.95):
    """The run of a phase; a training with its time to the target."""
    if phase == "inference":
        run = read_true("speed")
        command = run.command.replace("densebench speed", "densebench speed --inference")
        return dataclasses.replace(run, phase=phase, command=command, optimizer=None)
    (run,) = csv_file.read(RESULTS / FILES[phase])
    if phase != "train":
        return run
    reached = find_first_reaching(run.records, target)
    seconds = reached.elapsed_seconds if reached else None
    return dataclasses.replace(run, target=target, time_to_target_seconds=seconds)


def tamper(run, **changes):
    """The run with other values in columns; those of an epoch in the last one."""
    own = {name: changes.pop(name) for name in list(changes) if COLUMNS[name].level == "epoch"}
    machine = {name: changes.pop(name) for name in list(changes) if COLUMNS[name].level == "environment"}
    records = (*run.records[:-1], dataclasses.replace(run.records[-1], **own))
    environment = dataclasses.replace(run.environment, **machine)
    return dataclasses.replace(run, environment=environment, records=records, **changes)


@pytest.fixture
def true_run():
    return read_true


@pytest.fixture
def tampered():
    """What is found in a true run of a phase that was tampered with."""
    return lambda of="train", /, **changes: list(check_run(tamper(read_true(of), **changes)))
