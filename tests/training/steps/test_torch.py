"""The tests of PyTorch's steps, where PyTorch is the backend: a process has one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

CHECKS = Path(__file__).with_name("torch_checks.py")


def test_the_steps_of_pytorch_start_few_operations_and_read_nothing_back():
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(CHECKS)]
    done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": "torch"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
