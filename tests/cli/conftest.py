"""One tiny network is trained for real and shared by the tests of the commands."""

import os

import pytest

from densebench.cli.app import run

TINY = ["--dataset", "digits", "--image-size", "8", "--train-limit", "100", "--test-limit", "50", "--batch-size", "20"]


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    """Options for data so small that an epoch takes a moment."""
    return TINY


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    """A folder in which the network 10x4 was trained for two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert run(["train", "10x4", *TINY, "--epochs", "2"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def in_trained(trained_folder, monkeypatch):
    """The test runs inside that folder."""
    monkeypatch.chdir(trained_folder)
    return trained_folder
