import json

import pytest

from densebench import workflows
from densebench.cli.app import run
from densebench.training.backends.devices import BackendDevice


@pytest.fixture(autouse=True)
def _backends_answer(monkeypatch):
    """No framework loads here: tests/training/backends/test_devices.py asks a real one."""
    devices = [
        BackendDevice(backend="tensorflow", kind="cpu", text="CPU"),
        BackendDevice(backend="jax", kind=None, text="no answer in 60 s"),
    ]
    monkeypatch.setattr(workflows, "ask_devices", lambda backends: devices)


def test_the_environment_is_printed_as_json_and_as_tables(in_tmp, capfd):
    assert run(["env", "--format", "json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["kind"] == "environment"
    assert {row["backend"]: row["device"] for row in shown["backends"]}["tensorflow"] == "CPU"
    assert run(["env"]) == 0
    assert "Python" in capfd.readouterr().out


def test_a_backend_that_gives_no_answer_is_among_what_is_missing(in_tmp, capfd):
    assert run(["env", "--format", "json"]) == 0
    missing = json.loads(capfd.readouterr().out)["missing"]
    assert {"missing": "Backend jax cannot be used: no answer in 60 s."} in missing
