"""One tiny network is trained for real and shared by the tests of the commands."""

import os
from importlib.util import find_spec

import pytest

from densebench.cli.app import run
from densebench.config import RunConfig

BACKEND = ["--backend", "jax" if find_spec("jax") else RunConfig.backend]
TINY = ["--dataset", "digits", "--image-size", "8", "--train-limit", "100", "--test-limit", "50", "--batch-size", "20"]


@pytest.fixture(scope="session")
def quick() -> list[str]:
    """The option of the backend that starts fastest."""
    return BACKEND


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    """Options for data so small that an epoch takes a moment."""
    return [*TINY, *BACKEND]


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory, tiny):
    """A folder in which the network 10x4 was trained for two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert run(["train", "10x4", *tiny, "--epochs", "2"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def in_trained(trained_folder, monkeypatch):
    """The test runs inside that folder."""
    monkeypatch.chdir(trained_folder)
    return trained_folder
