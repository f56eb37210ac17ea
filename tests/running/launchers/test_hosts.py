"""One run on two hosts, by the command line: whole, with a process killed, and resumed on one host."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from background import Background

CHOICES = [choice for choice in ("jax 1", "tensorflow 1", "torch 1") if find_spec(choice.split()[0])]
SCENARIO = Background.in_turn(Path(__file__).with_name("hosts_scenario.py"), CHOICES)
BACKGROUND = [SCENARIO]
each_choice = pytest.mark.parametrize("choice", CHOICES)


@cache
def scenario(choice):
    return json.loads(SCENARIO.read(choice).splitlines()[-1])


@each_choice
def test_two_hosts_train_one_run(choice):
    seen = scenario(choice)
    assert seen["whole_codes"] == [0, 0], seen["output"]
    assert seen["whole"]["status"] == "completed"
    assert seen["whole"]["hosts"] == 2
    assert len(seen["whole"]["device_list"].split("; ")) == 2
    assert "the results are written on host 0" in seen["output"]["whole1.txt"]


@each_choice
def test_a_killed_process_is_named_with_its_host_and_signal(choice):
    seen = scenario(choice)
    assert seen["killed_codes"] == [1, 1], seen["output"]
    assert seen["killed"]["status"] == "failed"
    assert "on host 1" in seen["killed"]["reason"]
    assert "SIGKILL" in seen["killed"]["reason"]


@each_choice
def test_the_run_goes_on_with_other_devices_as_if_it_had_not_stopped(choice):
    seen = scenario(choice)
    assert seen["resumed_codes"] == [0], seen["output"]
    resumed, whole = seen["resumed"], seen["whole"]
    assert (resumed["status"], resumed["devices"], resumed["hosts"]) == ("completed", 2, 1)
    assert resumed["losses"] == pytest.approx(whole["losses"], rel=1e-3)
    assert resumed["test_losses"] == pytest.approx(whole["test_losses"], rel=1e-2)
    assert "were trained on" in resumed["warnings"]
