"""What ``speed`` hands to its workflow; that measures nothing here."""

import pytest

from densebench import workflows
from densebench.cli.app import run


@pytest.fixture
def handed(monkeypatch):
    """What the workflow was called with."""
    calls = []
    monkeypatch.setattr(workflows, "speed", lambda *given, **named: calls.append((given, named)) or [])
    return calls


def test_the_options_reach_the_workflow_as_values(handed, capfd):
    line = "speed blog --batch-size 32,64 --time-limit 1min --precision-target 5% --inference --energy --format csv"
    assert run(line.split()) == 0
    ((options, batch_sizes, _), named) = handed[0]
    assert options.variants == ("blog",)
    assert batch_sizes == (32, 64)
    target = pytest.approx(0.05)
    assert named == {"inference": True, "precision_target": target, "time_limit": 60, "energy": True}


def test_several_of_a_setting_are_axes(handed):
    assert run(["speed", "resnet20", "--implementation", "plain,fast", "--precision", "float32"]) == 0
    ((options, _, _), _) = handed[0]
    assert options.axes == (("implementation", ("plain", "fast")),)
    assert options.precision == "float32"


def test_several_numbers_of_devices_are_an_axis_and_one_is_a_setting(handed):
    assert run(["speed", "resnet20", "--devices", "1,2"]) == 0
    assert run(["speed", "resnet20", "--devices", "2"]) == 0
    (several, _, _), (one, _, _) = (given for given, _ in handed)
    assert (several.axes, several.devices) == ((("devices", (1, 2)),), None)
    assert (one.axes, one.devices) == ((), 2)
